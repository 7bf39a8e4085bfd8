//! Process limits and sizes that the operating system decides. Never lowers a limit.
#![allow(unsafe_code)]

/// Raises the limit of open files to the most this process may have, and returns the limit now in
/// force; 0 where the platform has none or does not tell.
#[cfg(unix)]
pub fn raise_open_files_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit for the call to fill.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return 0;
    }
    // macOS refuses more than OPEN_MAX even where the hard limit is infinite.
    let wanted = if cfg!(target_os = "macos") {
        limit.rlim_max.min(10_240)
    } else {
        limit.rlim_max
    };
    if wanted <= limit.rlim_cur {
        return limit.rlim_cur;
    }
    let raised = libc::rlimit {
        rlim_cur: wanted,
        rlim_max: limit.rlim_max,
    };
    // SAFETY: `raised` is a valid rlimit that the call only reads.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0 {
        wanted
    } else {
        limit.rlim_cur
    }
}

/// Raises the limit of open files: this platform has none.
#[cfg(not(unix))]
pub fn raise_open_files_limit() -> u64 {
    0
}

/// Bytes of a page of memory; 0 if the system does not tell.
#[cfg(unix)]
pub(crate) fn page_bytes() -> usize {
    // SAFETY: sysconf reads a constant and touches no memory of ours.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(0)
}

/// Resident bytes of this process; 0 where the platform does not tell.
#[cfg(target_os = "linux")]
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|field| field.parse::<u64>().ok());
    pages.unwrap_or(0).saturating_mul(page_bytes() as u64)
}

/// Resident bytes of this process: not known here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn resident_bytes() -> u64 {
    0
}

/// Memory of the machine, or what the process's control group allows if that is less; 0 if not known.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn physical_bytes() -> u64 {
    // SAFETY: sysconf reads a figure of the system and touches no memory of ours.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    let machine = u64::try_from(pages).unwrap_or(0);
    let machine = machine.saturating_mul(page_bytes() as u64);
    control_group_bytes().map_or(machine, |allowed| machine.min(allowed))
}

/// Memory of the machine: not known here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn physical_bytes() -> u64 {
    0
}

/// The least of the memory limits of the process's control group (version 2) and those above it, as far as they
/// can be seen; of version 1, the limit that a container sees.
#[cfg(target_os = "linux")]
fn control_group_bytes() -> Option<u64> {
    let limit = |path: &std::path::Path| -> Option<u64> {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().parse().ok()
    };
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let mount = std::path::Path::new("/sys/fs/cgroup");
    let own = mount.join(group.unwrap_or_default());
    let above = own.ancestors().take_while(|dir| dir.starts_with(mount));
    let version_2 = above.filter_map(|dir| limit(&dir.join("memory.max"))).min();
    version_2.or_else(|| limit(&mount.join("memory/memory.limit_in_bytes")))
}

#[cfg(target_os = "macos")]
fn control_group_bytes() -> Option<u64> {
    None
}
