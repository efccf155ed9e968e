//! Kinds of operations.

macro_rules! operations {
    ($($(#[$about:meta])* $kind:ident = $word:literal, $many:literal, $done:literal;)*) => {
        super::words! {
            /// What a client does.
            pub enum OpKind: "operation" {
                $($(#[$about])* $kind = $word,)*
            }
        }

        impl OpKind {
            /// Several of them: `gets`.
            pub const fn many(self) -> &'static str {
                match self {
                    $(Self::$kind => $many,)*
                }
            }

            /// What a client does that does it: `reads single keys`.
            pub const fn done(self) -> &'static str {
                match self {
                    $(Self::$kind => $done,)*
                }
            }
        }
    };
}

operations! {
    /// Read a key.
    Get = "get", "gets", "reads single keys";
    /// Write a key.
    Put = "put", "puts", "puts";
    /// Compare and set.
    Cas = "cas", "compare-and-sets", "compares and sets";
    /// Read, modify and write one key: a script that reads what it writes, and nothing else. Retries included.
    Update = "update", "updates", "updates";
    /// Run a script. Retries included.
    Script = "script", "scripts", "runs scripts";
}
