//! Tasks: the plan cut into pieces that one worker takes at a time.
//!
//! ```text
//! without members   positions [t b, (t + 1) b) of the order of execution
//! with members      blocks of b members of one point, the last one shorter
//! ```
//!
//! A task is the unit of scheduling, of the journal, of sharding (shard K of N has the tasks t with
//! t mod N = K - 1) and of the statistics over members, whose sums run within a task and then over the
//! tasks of a point. So the cut depends on the plan alone, never on threads or shards.

use super::{Plan, Shard};

/// Some runs that are executed one after the other, or side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number in the whole plan.
    pub number: u64,
    /// The position of its first run in the order of execution.
    pub first: u64,
    /// How many runs it has.
    pub count: u64,
}

/// The tasks of a plan, or of a shard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tasks {
    points: u64,
    members: u64,
    block: u64,
    shard: Shard,
}

impl Tasks {
    /// The tasks of a shard; `block` is the number of runs of each.
    pub fn new(plan: &Plan, block: u64, shard: Shard) -> Self {
        Self {
            points: plan.points(),
            members: plan.members(),
            block: block.max(1),
            shard,
        }
    }

    /// The number of runs in a full task.
    pub fn block(&self) -> u64 {
        self.block
    }

    /// The tasks of the whole plan.
    fn all(&self) -> u64 {
        match self.members {
            1 => self.points.div_ceil(self.block),
            members => self.points * members.div_ceil(self.block),
        }
    }

    /// The number of tasks of the shard.
    pub fn len(&self) -> u64 {
        (self.all() + self.shard.count - self.shard.number) / self.shard.count
    }

    /// Whether the shard has no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number in the plan of task number `local` of the shard.
    fn number(&self, local: u64) -> u64 {
        local * self.shard.count + self.shard.number - 1
    }

    /// Task number `local` of the shard.
    pub fn nth(&self, local: u64) -> Task {
        let number = self.number(local);
        let (block, members) = (self.block, self.members);
        if members == 1 {
            let first = number * block;
            return Task {
                number,
                first,
                count: block.min(self.points - first),
            };
        }
        let blocks = members.div_ceil(block);
        let (point, place) = (number / blocks, number % blocks);
        Task {
            number,
            first: point * members + place * block,
            count: block.min(members - place * block),
        }
    }

    /// The tasks of the shard in order.
    pub fn iter(&self) -> impl Iterator<Item = Task> + '_ {
        (0..self.len()).map(|local| self.nth(local))
    }

    /// The tasks of one point, when it has members.
    pub fn of_point(&self, point: u64) -> std::ops::Range<u64> {
        let blocks = self.members.div_ceil(self.block);
        point * blocks..(point + 1) * blocks
    }

    /// The place of a task of the plan within the shard.
    pub fn local(&self, number: u64) -> u64 {
        number / self.shard.count
    }

    /// The number of runs of the shard.
    pub fn runs(&self) -> u64 {
        self.runs_before(self.len())
    }

    /// The number of runs in the first `local` tasks of the shard.
    pub fn runs_before(&self, local: u64) -> u64 {
        let full = local * self.block;
        if self.members == 1 {
            // Only the very last task of the plan may be shorter.
            let last = local
                .checked_sub(1)
                .map_or(self.block, |last| self.nth(last).count);
            return full + last - self.block;
        }
        let blocks = self.members.div_ceil(self.block);
        let missing = blocks * self.block - self.members;
        if missing == 0 {
            return full;
        }
        // The tasks that are the last ones of their points, in every `period` tasks of the shard.
        let is_last = |one: &u64| (self.number(*one) + 1).is_multiple_of(blocks);
        let period = blocks / gcd(blocks, self.shard.count);
        let each = (0..period).filter(is_last).count() as u64;
        let rest = (0..local % period).filter(is_last).count() as u64;
        full - (local / period * each + rest) * missing
    }

    /// The slots of a task's runs in the shard's archive: the order of execution.
    pub fn slots(&self, local: u64) -> std::ops::Range<u64> {
        let first = self.runs_before(local);
        first..first + self.nth(local).count
    }

    /// The position in the plan of the run in a slot of the shard's archive.
    pub fn position(&self, slot: u64) -> u64 {
        // The last task that begins at or before the slot.
        let (mut low, mut high) = (0, self.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.runs_before(middle) <= slot {
                true => low = middle,
                false => high = middle,
            }
        }
        self.nth(low).first + slot - self.runs_before(low)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    match b {
        0 => a,
        b => gcd(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(points: u64, members: u64, block: u64, number: u64, count: u64) -> Tasks {
        Tasks {
            points,
            members,
            block,
            shard: Shard { number, count },
        }
    }

    #[test]
    fn the_shards_together_have_every_position_once() {
        for (points, members, block) in
            [(1, 1, 8), (100, 1, 8), (7, 20, 16), (3, 16, 16), (1, 5, 64)]
        {
            for count in 1..6 {
                let mut positions = Vec::new();
                for number in 1..=count {
                    let shard = tasks(points, members, block, number, count);
                    let before = positions.len() as u64;
                    for (local, task) in shard.iter().enumerate() {
                        assert_eq!(shard.local(task.number), local as u64);
                        positions.extend(task.first..task.first + task.count);
                        let slots = shard.slots(local as u64);
                        for (slot, position) in slots.zip(task.first..) {
                            assert_eq!(shard.position(slot), position);
                        }
                        // A task never crosses from one point to the next.
                        let last = task.first + task.count - 1;
                        assert!(members == 1 || task.first / members == last / members);
                    }
                    assert_eq!(shard.runs(), positions.len() as u64 - before);
                }
                positions.sort_unstable();
                assert!(positions.into_iter().eq(0..points * members));
            }
        }
    }
}
