//! Kinds of operations.

super::words! {
    /// What a client does.
    pub enum OpKind: "operation" {
        /// Read a key.
        Get = "get",
        /// Write a key.
        Put = "put",
        /// Compare and set.
        Cas = "cas",
        /// Read, modify and write one key: a script that reads what it writes, and nothing else. Retries included.
        Update = "update",
        /// Run a script. Retries included.
        Script = "script",
    }
}

impl OpKind {
    /// Every kind.
    pub const ALL: [OpKind; 5] = [OpKind::Get, OpKind::Put, OpKind::Cas, OpKind::Update, OpKind::Script];

    /// The name in scenarios and reports.
    pub fn name(self) -> &'static str {
        super::Spelled::word(self)
    }
}
