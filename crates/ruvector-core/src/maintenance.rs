//! Background work: one thread commits what was accepted without waiting, others drive the optimizer.
//! Without threads (simulation, browser) nothing here runs and the owner calls `step`.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use ruvector_io::{Io, IoError, Thread};

use crate::collection::Core;
use crate::optimize::Effort;

/// Where writers tell the background threads that there is work.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    commits: Queue,
    upkeep: Queue,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<QueueState>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Weak<Core>>,
    stopped: bool,
    threads: u32,
}

/// How long a collection rests after a failed step.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Queue {
    fn push(&self, core: Weak<Core>) {
        let mut state = self.state.lock();
        if state.threads == 0 || state.stopped {
            return;
        }
        if !state.waiting.iter().any(|queued| queued.ptr_eq(&core)) {
            state.waiting.push_back(core);
            self.ready.notify_one();
        }
    }

    /// The next collection with work; `None` once stopped.
    fn next(&self) -> Option<Arc<Core>> {
        let mut state = self.state.lock();
        loop {
            if state.stopped {
                return None;
            }
            match state.waiting.pop_front() {
                Some(core) => {
                    if let Some(core) = core.upgrade() {
                        return Some(core);
                    }
                }
                None => self.ready.wait(&mut state),
            }
        }
    }

    /// Waits for `pause`, or until stopped.
    fn rest(&self, pause: Duration) {
        let mut state = self.state.lock();
        if !state.stopped {
            self.ready.wait_for(&mut state, pause);
        }
    }

    fn stop(&self) {
        self.state.lock().stopped = true;
        self.ready.notify_all();
    }
}

impl Signal {
    pub(crate) fn commit_soon(&self, core: &Core) {
        self.commits.push(core.me.clone());
    }

    pub(crate) fn upkeep_soon(&self, core: &Core) {
        self.upkeep.push(core.me.clone());
    }

    pub(crate) fn stop(&self) {
        self.commits.stop();
        self.upkeep.stop();
    }
}

/// Starts one committing thread and `threads` optimizing ones.
pub(crate) fn start(io: &dyn Io, signal: &Arc<Signal>, threads: u32) -> Result<Vec<Thread>, IoError> {
    let mut started = Vec::new();
    if threads == 0 {
        return Ok(started);
    }
    signal.commits.state.lock().threads = 1;
    signal.upkeep.state.lock().threads = threads;
    let queue = signal.clone();
    started.push(io.spawn("ruvector-commit", Box::new(move || run_commits(&queue.commits)))?);
    for number in 0..threads {
        let queue = signal.clone();
        let name = format!("ruvector-opt-{number}");
        started.push(io.spawn(&name, Box::new(move || run_upkeep(&queue.upkeep)))?);
    }
    Ok(started)
}

fn run_commits(queue: &Queue) {
    while let Some(core) = queue.next() {
        // A failure poisons the shard, and its next caller is told.
        let _ = core.commit_all();
    }
}

fn run_upkeep(queue: &Queue) {
    while let Some(core) = queue.next() {
        match core.step(Effort::Background) {
            Ok(true) => queue.push(core.me.clone()),
            Ok(false) => {}
            Err(error) => {
                // The shard keeps the reason for its description; the next step tries again.
                drop(error);
                queue.rest(RETRY_AFTER);
                queue.push(core.me.clone());
            }
        }
    }
}
