//! What can be put around a node, and between its parts. Each function makes one oddity; all else goes through as it is.
//!
//! | file         | where it stands                                                  |
//! |--------------|------------------------------------------------------------------|
//! | `host`       | around a node's clock, timers and points                         |
//! | `disk`       | between a node and its disk                                      |
//! | `tap/`       | between a node and its messages                                  |
//! | `listener`   | between engine and lease                                         |
//! | `engine/`    | between coordinator and engine                                   |
//! | `machine`    | between engine and store                                         |
//! | `groups`     | between the groups of a process                                  |

/// `wrapper! { Between, wrapped, dyn Part; impl Trait { odd ...; plain ...; } }`: `wrapped` puts around a part of a node what is odd about
/// it, as a [`Between`] whose functions are given what is known here (its state) and the part; those that nobody changes, and all that is
/// plain, go through to the part.
macro_rules! wrapper {
    (
        $between:ident, $wrapped:ident, $part:ty;
        $(impl $of:ident {
            $(odd $odd:ident($($arg:ident: $is:ty),*) $(-> $gives:ty)?;)*
            $(plain $plain:ident($($given:ident: $type:ty),*) $(-> $returns:ty)?;)*
        })*
    ) => {
        struct $between<S> {
            $($($odd: fn(&S, &$part, $($is),*) $(-> $gives)?,)*)*
        }

        struct Wrapped<S> {
            part: std::sync::Arc<$part>,
            state: S,
            between: $between<S>,
        }

        fn $wrapped<S: Send + Sync + 'static>(
            part: std::sync::Arc<$part>,
            state: S,
            odd: impl FnOnce($between<S>) -> $between<S>,
        ) -> std::sync::Arc<$part> {
            let between = odd($between { $($($odd: |_, part, $($arg),*| part.$odd($($arg),*),)*)* });
            std::sync::Arc::new(Wrapped { part, state, between })
        }

        $(impl<S: Send + Sync + 'static> $of for Wrapped<S> {
            $(fn $odd(&self, $($arg: $is),*) $(-> $gives)? {
                (self.between.$odd)(&self.state, &*self.part, $($arg),*)
            })*

            $(fn $plain(&self, $($given: $type),*) $(-> $returns)? {
                self.part.$plain($($given),*)
            })*
        })*
    };
}

pub(super) mod disk;
pub(super) mod engine;
pub(super) mod groups;
pub(super) mod host;
pub(super) mod listener;
pub(super) mod machine;
pub(super) mod tap;
