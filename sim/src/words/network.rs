//! What goes wrong with the network.

/// What a partition does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `"drop"`: what is sent is lost; what is in flight arrives.
    Drop,
    /// `"hold"`: what is sent is delivered when the partition ends.
    Hold,
    /// `"cut"`: what is sent and what is in flight is lost.
    Flight,
}

/// What becomes of messages at the end of what held or delayed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// `"deliver"`: they arrive.
    Deliver,
    /// `"drop"`: they are lost.
    Drop,
}
