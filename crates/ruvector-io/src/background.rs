//! How the operating system is to schedule threads that nobody waits for. Never takes their share of the processors away.
#![allow(unsafe_code)]

/// Tells the system that the calling thread computes for long: waking up, it does not take a processor from a thread that
/// runs. Its share stays what its niceness says. A hint: it has no effect where it is refused.
///
/// It asks for no longer slices than others have: a thread that had had its share would wait for whole ones.
#[cfg(target_os = "linux")]
pub(crate) fn compute_in_background() {
    // SAFETY: both calls take numbers and a pointer that is valid for the call; 0 is the calling thread.
    unsafe {
        // A thread that an administrator has put into another class stays there.
        if libc::sched_getscheduler(0) == libc::SCHED_OTHER {
            let parameters: libc::sched_param = std::mem::zeroed();
            let _ = libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters);
        }
    }
}

/// No such hint here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn compute_in_background() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    //! Goal: the hint arrives and costs no share. Method: a thread reads its policy and niceness back from the kernel.

    #[test]
    fn policy_changes_and_niceness_stays() {
        let fields = || {
            let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
            let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
            let at = |number: usize| fields.split_whitespace().nth(number).map(str::to_owned);
            (at(16), at(38))
        };
        let background = std::thread::spawn(move || {
            let before = fields();
            super::compute_in_background();
            (before, fields())
        });
        let (before, after) = background.join().unwrap();
        assert_eq!(before.0, after.0, "niceness");
        if before.1.as_deref() == Some("0") {
            assert_eq!(after.1.as_deref(), Some("3"), "SCHED_BATCH");
        }
    }
}
