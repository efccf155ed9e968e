//! What goes wrong with the network.

super::words! {
    /// What a partition does with messages.
    pub enum Cut: "way to cut" {
        /// `"drop"`: what is sent is lost; what is in flight arrives.
        Drop = "drop",
        /// `"hold"`: what is sent is delivered when the partition ends.
        Hold = "hold",
        /// `"cut"`: what is sent and what is in flight is lost.
        Flight = "cut",
    }
}

super::words! {
    /// What becomes of messages at the end of what held or delayed them.
    pub enum Leftover: "fate" {
        /// `"deliver"`: they arrive.
        Deliver = "deliver",
        /// `"drop"`: they are lost.
        Drop = "drop",
    }
}

super::words! {
    /// How messages of a lane leave.
    pub enum Calls: "kind of calls" {
        /// `"stream"`: as they come.
        Stream = "stream",
        /// `"unary"`: one call at a time per peer; the next leaves when the previous is answered.
        Unary = "unary",
    }
}

super::words! {
    /// What a fault of the network did to a message.
    pub enum Mishap: "mishap" {
        /// It is dropped, or held back.
        Stopped = "stopped a message",
        /// It is lost.
        Lost = "lost a message",
        /// It arrives later.
        Late = "delayed a message",
        /// It arrives twice.
        Twice = "doubled a message",
        /// It overtakes one that was sent before it.
        OutOfOrder = "let a message overtake another",
        /// It found the queue full, which would have had room for it.
        Refused = "left no room in the queue for a message",
    }
}
