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

/// What a fault of the network did to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// It is dropped, or held back.
    Stopped,
    /// It is lost.
    Lost,
    /// It arrives later.
    Late,
    /// It arrives twice.
    Twice,
    /// It overtakes one that was sent before it.
    OutOfOrder,
    /// It found the queue full, which would have had room for it.
    Refused,
}
