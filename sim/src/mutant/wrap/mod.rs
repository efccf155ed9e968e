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

pub(super) mod disk;
pub(super) mod engine;
pub(super) mod host;
pub(super) mod listener;
pub(super) mod machine;
pub(super) mod tap;
