//! What this node has asked others, and not been answered yet.

use super::wire::Says;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Who waits for the answer to what.
#[derive(Default)]
pub(super) struct Calls(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    last: u64,
    answers: BTreeMap<u64, oneshot::Sender<Says>>,
}

impl Calls {
    /// Takes the answer to a call; one that nobody waits for any more is dropped.
    pub(super) fn answered(&self, call: u64, says: Says) {
        if let Some(waits) = self.0.lock().answers.remove(&call) {
            let _ = waits.send(says);
        }
    }

    /// One more asks. The call is forgotten when what is returned is dropped.
    pub(super) fn begin(&self) -> (Registered<'_>, oneshot::Receiver<Says>) {
        let (sender, answer) = oneshot::channel();
        let mut waiting = self.0.lock();
        waiting.last += 1;
        let call = waiting.last;
        waiting.answers.insert(call, sender);
        (Registered { calls: self, call }, answer)
    }
}

/// Forgets a call when whoever asked does.
pub(super) struct Registered<'a> {
    calls: &'a Calls,
    pub(super) call: u64,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.calls.0.lock().answers.remove(&self.call);
    }
}
