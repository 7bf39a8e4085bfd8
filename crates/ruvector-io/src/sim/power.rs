//! Decides what a loss of power leaves on the simulated disk. Never changes the disk it looks at.

use std::collections::BTreeSet;

use super::PowerLoss;
use super::file::SimNode;
use super::state::{State, survivors};
use crate::mem::duration_ms;
use crate::random::SplitMix;
use crate::tree::{ROOT, Tree};

/// The state after reboot; `seed` decides what tears, and the new disk's random numbers.
pub(super) fn after_reboot(before: &State, seed: u64, style: PowerLoss) -> State {
    let mut random = SplitMix(seed);
    let tree = match style {
        PowerLoss::DurableOnly => before
            .durable
            .map_files(|file| SimNode::new(file.durable_bytes())),
        PowerLoss::KeepAll => before.live.map_files(|file| SimNode::new(file.live_bytes())),
        PowerLoss::Torn => {
            let entries = torn_entries(before, &mut random);
            entries.map_files(|file| SimNode::new(file.torn_bytes(&mut random)))
        }
    };
    let wall_clock_ms = before
        .wall_clock_start_ms
        .saturating_add(duration_ms(before.monotonic));
    State::with_tree(random.next(), reachable(tree), wall_clock_ms)
}

/// Directory entries of which each unsynced change survived or not, by chance: all, none or half of them.
fn torn_entries(before: &State, random: &mut SplitMix) -> Tree<SimNode> {
    let mood = random.below(4);
    let survives = survivors(&before.pending, |_| match mood {
        0 => true,
        1 => false,
        _ => random.coin(),
    });
    let mut entries = before.durable.clone();
    for (change, _) in before
        .pending
        .iter()
        .zip(survives)
        .filter(|(_, survives)| *survives)
    {
        entries.apply(change);
    }
    entries
}

/// A file system check: forgets directories that no path leads to.
fn reachable(mut tree: Tree<SimNode>) -> Tree<SimNode> {
    let mut reached = BTreeSet::new();
    let mut open = vec![ROOT];
    while let Some(dir) = open.pop() {
        reached.insert(dir);
        open.extend(tree.subdirs(dir));
    }
    tree.retain(&reached);
    tree
}
