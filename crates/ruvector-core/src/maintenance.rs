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
    /// Those to look at again, and when, on the clock of the backend; each once.
    resting: Vec<(Duration, Weak<Core>)>,
    stopped: bool,
    threads: u32,
}

/// When a collection is looked at again after a failed step.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The shortest rest: clocks are read at different moments.
const REST_MIN: Duration = Duration::from_millis(10);

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

    /// Queues the collection once `pause` is over.
    fn push_later(&self, core: Weak<Core>, pause: Duration, io: &dyn Io) {
        let due = io.monotonic() + pause.max(REST_MIN);
        let mut state = self.state.lock();
        state.resting.retain(|(_, resting)| !resting.ptr_eq(&core));
        state.resting.push((due, core));
        // A thread that waits for a later one must learn of it.
        self.ready.notify_one();
    }

    /// The next collection with work; `None` once stopped.
    fn next(&self, io: &dyn Io) -> Option<Arc<Core>> {
        let mut state = self.state.lock();
        loop {
            if state.stopped {
                return None;
            }
            let next_due = state.wake(io);
            match (state.waiting.pop_front(), next_due) {
                (Some(core), _) => {
                    if let Some(core) = core.upgrade() {
                        return Some(core);
                    }
                }
                (None, Some(pause)) => drop(self.ready.wait_for(&mut state, pause)),
                (None, None) => self.ready.wait(&mut state),
            }
        }
    }

    fn stop(&self) {
        self.state.lock().stopped = true;
        self.ready.notify_all();
    }
}

impl QueueState {
    /// Moves those that have rested to the others; the time until the next has.
    fn wake(&mut self, io: &dyn Io) -> Option<Duration> {
        if self.resting.is_empty() {
            return None;
        }
        let now = io.monotonic();
        let QueueState { waiting, resting, .. } = self;
        for (_, core) in resting.extract_if(.., |(due, _)| *due <= now) {
            if !waiting.iter().any(|queued| queued.ptr_eq(&core)) {
                waiting.push_back(core);
            }
        }
        let least = resting.iter().map(|(due, _)| *due).min();
        least.map(|due| due.saturating_sub(now))
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
pub(crate) fn start(io: &Arc<dyn Io>, signal: &Arc<Signal>, threads: u32) -> Result<Vec<Thread>, IoError> {
    let mut started = Vec::new();
    if threads == 0 {
        return Ok(started);
    }
    signal.commits.state.lock().threads = 1;
    signal.upkeep.state.lock().threads = threads;
    let (queue, clock) = (signal.clone(), io.clone());
    let commits = Box::new(move || run_commits(&queue.commits, clock.as_ref()));
    started.push(io.spawn("ruvector-commit", commits)?);
    for number in 0..threads {
        let (queue, clock) = (signal.clone(), io.clone());
        let name = format!("ruvector-opt-{number}");
        let upkeep = Box::new(move || run_upkeep(&queue.upkeep, clock.as_ref()));
        started.push(io.spawn(&name, upkeep)?);
    }
    Ok(started)
}

fn run_commits(queue: &Queue, io: &dyn Io) {
    while let Some(core) = queue.next(io) {
        // A failure poisons the shard, and its next caller is told.
        let _ = core.commit_all();
    }
}

fn run_upkeep(queue: &Queue, io: &dyn Io) {
    io.compute_in_background();
    while let Some(core) = queue.next(io) {
        match core.step(Effort::Background) {
            Ok(true) => queue.push(core.me.clone()),
            Ok(false) => {
                if let Some(left) = core.rest_left() {
                    queue.push_later(core.me.clone(), left, io);
                }
            }
            // The shard keeps the reason for its description; a later step tries again.
            Err(_) => queue.push_later(core.me.clone(), RETRY_AFTER, io),
        }
    }
}
