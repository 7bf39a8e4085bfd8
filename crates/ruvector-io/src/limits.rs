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
