//! How the operating system is to schedule threads that nobody waits for. Never takes their share of the processors away.
#![allow(unsafe_code)]

/// Nanoseconds that a background thread asks to run at a stretch: longer than the default of 1 to 4 ms. Linux gives a
/// processor to whoever asked for less as soon as it wakes, instead of at the next tick.
#[cfg(target_os = "linux")]
const SLICE_NS: u64 = 20_000_000;

/// Tells the system that the calling thread computes for long. A hint: it has no effect where it is refused (before Linux
/// 6.12 only half of it has).
#[cfg(target_os = "linux")]
pub(crate) fn compute_in_background() {
    // As in linux/sched/types.h: size, policy, flags, nice, priority, runtime, deadline, period.
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    let size = size_of::<Attributes>() as u32;
    let mut attributes = Attributes::default();
    // SAFETY: the kernel fills at most `size` bytes of `attributes`, which are plain numbers.
    let read = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    // A thread that an administrator has put into another class stays there.
    if read != 0 || attributes.policy != libc::SCHED_OTHER as u32 {
        return;
    }
    attributes.size = size;
    // Waking up, it does not take a processor from a thread that runs; its share stays what its niceness says.
    attributes.policy = libc::SCHED_BATCH as u32;
    attributes.runtime = SLICE_NS;
    // SAFETY: the kernel reads `size` bytes of `attributes`.
    let _ = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
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
