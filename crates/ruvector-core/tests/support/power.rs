//! Loss of power at every sync point of a script. Never knows what the script does.

use ruvector_core::Error;
use ruvector_io::sim::{PowerLoss, SimDisk};

/// What is done to a disk, and what must be there after a loss of power in the middle of it.
pub(crate) trait Script {
    fn new() -> Self;

    fn run(&mut self, disk: &SimDisk) -> Result<(), Error>;

    /// Checks what is on the disk; `what` happened before.
    fn survives(&self, disk: &SimDisk, what: &str);
}

/// Runs the script whole, which takes more than `least` syncs, then once for each of them, ended there.
pub(crate) fn goes_off_at_every_sync<S: Script>(least: u64) {
    let disk = SimDisk::new(1);
    let mut whole = S::new();
    whole.run(&disk).unwrap();
    whole.survives(&disk.power_loss(1, PowerLoss::DurableOnly), "undisturbed");
    assert!(disk.sync_points() > least, "{}", disk.sync_points());
    for stop in 1..=disk.sync_points() {
        let disk = SimDisk::new(1);
        disk.stop_at(stop);
        let mut script = S::new();
        // The last syncs are those of closing, whose errors nobody is left to hear of.
        let _ = script.run(&disk);
        for style in [PowerLoss::DurableOnly, PowerLoss::KeepAll, PowerLoss::Torn] {
            script.survives(&disk.power_loss(stop, style), &format!("sync {stop}, {style:?}"));
        }
    }
}
