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
    /// Delete a key.
    Delete = "delete", "deletes", "deletes";
    /// Read several keys, of any groups: those of each group from one snapshot.
    Mget = "mget", "mgets", "reads several keys";
    /// Read the keys of a range that have values, likewise.
    Scan = "scan", "scans", "scans";
}

impl OpKind {
    /// Does it write nothing, so that it has no effect where it fails?
    pub const fn only_reads(self) -> bool {
        match self {
            Self::Get | Self::Mget | Self::Scan => true,
            Self::Put | Self::Cas | Self::Update | Self::Script | Self::Delete => false,
        }
    }
}
