//! Turns a read that a mapped file cannot serve (truncated, failing disk) into zeros and a mark,
//! instead of the end of the process. Never allocates, locks or calls std inside the handler.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};

use parking_lot::Mutex;

use crate::limits;

/// Mappings that can be registered at a time. More work as well, but a fault in them ends the process.
const SLOTS: usize = 65_536;

/// One registered mapping; free while `start` is 0.
struct Slot {
    start: AtomicUsize,
    len_bytes: AtomicUsize,
    faulted: AtomicBool,
}

impl Slot {
    const fn new() -> Slot {
        Slot {
            start: AtomicUsize::new(0),
            len_bytes: AtomicUsize::new(0),
            faulted: AtomicBool::new(false),
        }
    }

    /// True if the slot covers the address. `start` is read twice so that a slot changing hands in
    /// between is passed over: the faulting mapping itself is alive and stable while its reader waits
    /// here, and every other mapping alive beside it covers other addresses.
    fn covers(&self, address: usize) -> bool {
        let start = self.start.load(Ordering::Acquire);
        let len_bytes = self.len_bytes.load(Ordering::Acquire);
        start != 0
            && address >= start
            && address - start < len_bytes
            && self.start.load(Ordering::Acquire) == start
    }
}

/// In zero pages of the program's image: costs memory only as far as it is used.
static TABLE: [Slot; SLOTS] = [const { Slot::new() }; SLOTS];
/// Slots ever used: where the handler's search ends.
static USED: AtomicUsize = AtomicUsize::new(0);
/// Slots below `USED` that are free again. Never touched by the handler.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);
static INSTALL: Once = Once::new();
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// Keeps a mapping known to the handler until dropped.
pub(crate) struct Registration(usize);

impl Registration {
    /// Registers a mapping and, the first time, installs the handler. `None` if the table is full:
    /// the mapping is usable, but a fault in it ends the process. Cost: a lock and three stores.
    pub(crate) fn new(start: usize, len_bytes: usize) -> Option<Registration> {
        INSTALL.call_once(install);
        let index = {
            let mut free = FREE.lock();
            match free.pop() {
                Some(index) => index,
                None => {
                    let index = USED.load(Ordering::Relaxed);
                    TABLE.get(index)?;
                    USED.store(index + 1, Ordering::Release);
                    index
                }
            }
        };
        let slot = TABLE.get(index)?;
        slot.faulted.store(false, Ordering::Relaxed);
        slot.len_bytes.store(len_bytes, Ordering::Release);
        slot.start.store(start, Ordering::Release);
        Some(Registration(index))
    }

    /// True once a page of the mapping was replaced by zeros.
    pub(crate) fn faulted(&self) -> bool {
        TABLE
            .get(self.0)
            .is_some_and(|slot| slot.faulted.load(Ordering::Acquire))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(slot) = TABLE.get(self.0) {
            slot.start.store(0, Ordering::Release);
            FREE.lock().push(self.0);
        }
    }
}

/// Installs the handler; keeps whatever was there for faults that are not ours.
fn install() {
    PAGE_BYTES.store(limits::page_bytes(), Ordering::Release);
    // SAFETY: sigaction is plain data for which all zeros is valid (no flags, default handler).
    let mut previous: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a query: the null pointer asks for no change, `previous` is valid to be filled.
    if unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &mut previous) } != 0 {
        return;
    }
    if PREVIOUS.set(previous).is_err() {
        return;
    }
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_sigbus as *const () as usize;
    // On the alternate stack where a thread has one: std reports stack overflows that way on some systems.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the mask is valid to be cleared; the handler keeps to async-signal-safe calls. If the call
    // fails there is no handler, and a fault ends the process as it would without this module.
    unsafe {
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGBUS, &action, ptr::null_mut());
    }
}

/// Puts a page of zeros under the faulting address if it is in a registered mapping; else hands the
/// fault to whoever handled SIGBUS before.
extern "C" fn on_sigbus(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo_t; SIGBUS by a fault fills its address.
    let (sent_by_fault, address) = unsafe { ((*info).si_code > 0, (*info).si_addr() as usize) };
    if !sent_by_fault || !replace_page(address) {
        restore_previous();
        if !sent_by_fault {
            // SAFETY: raise is async-signal-safe; the signal stays blocked until this handler returns,
            // and then meets the previous action. (A fault recurs by itself.)
            unsafe { libc::raise(libc::SIGBUS) };
        }
    }
}

/// True if the address was in a registered mapping and reads as zeros now. Marks the mapping first.
fn replace_page(address: usize) -> bool {
    let page_bytes = PAGE_BYTES.load(Ordering::Acquire);
    if page_bytes == 0 {
        return false;
    }
    let used = USED.load(Ordering::Acquire);
    let Some(slot) = TABLE.iter().take(used).find(|slot| slot.covers(address)) else {
        return false;
    };
    slot.faulted.store(true, Ordering::Release);
    let page = address - address % page_bytes;
    let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the page lies in a mapping that this crate made and that its reader, stopped here, keeps
    // alive; mappings start at page boundaries, so nothing else shares the page. mmap is a bare system
    // call and sets errno only on failure, after which the process ends.
    let mapped = unsafe {
        libc::mmap(
            page as *mut libc::c_void,
            page_bytes,
            libc::PROT_READ,
            flags,
            -1,
            0,
        )
    };
    mapped != libc::MAP_FAILED
}

fn restore_previous() {
    // SAFETY: zeroed is the default action; both pointers are valid, and sigaction is async-signal-safe.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGBUS, PREVIOUS.get().unwrap_or(&default), ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    // Goal: a fault outside every registered mapping still ends the process.
    // Method: this test binary runs itself for the ignored test below, which faults.
    #[test]
    fn foreign_fault_is_fatal() {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program);
        child.args(["--exact", "sigbus::tests::faults", "--ignored"]);
        let status = child.output().unwrap().status;
        assert_eq!(status.signal(), Some(libc::SIGBUS), "{status:?}");
    }

    #[test]
    #[ignore = "ends the process: run by foreign_fault_is_fatal"]
    fn faults() {
        let _registration = Registration::new(4096, 4096).unwrap();
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        // SAFETY: the mapping is only read, after the truncation that is to end the process.
        let map = unsafe { memmap2::Mmap::map(&file).unwrap() };
        file.set_len(0).unwrap();
        std::hint::black_box(map[0]);
    }
}
