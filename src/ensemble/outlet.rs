//! The channel from the runs to the writer: bounded, with the emptied blocks coming back for use again,
//! so that a run that goes on allocates nothing and never waits for memory to be found.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::archive::{ArchiveError, RunRecord, Writer};

/// How many blocks may wait for the writer.
const WAITING: usize = 4;

/// What the writer is told.
pub(super) enum Message {
    /// Samples of a data set, or its one entry of a run.
    Rows {
        run: u64,
        data_set: usize,
        first: usize,
        values: Vec<f64>,
    },
    /// The run ended.
    Finished(u64, Box<RunRecord>),
    /// The run was interrupted, and no other will follow.
    Interrupted(u64, Box<RunRecord>),
}

/// The runs' end.
pub(super) struct Outlet {
    messages: SyncSender<Message>,
    emptied: Receiver<Vec<f64>>,
}

/// The writer's end.
pub(super) struct Inlet {
    messages: Receiver<Message>,
    emptied: SyncSender<Vec<f64>>,
}

/// A channel.
pub(super) fn channel() -> (Outlet, Inlet) {
    let (to_writer, messages) = sync_channel(WAITING);
    let (to_runs, emptied) = sync_channel(WAITING + 1);
    (
        Outlet {
            messages: to_writer,
            emptied,
        },
        Inlet {
            messages,
            emptied: to_runs,
        },
    )
}

impl Outlet {
    /// Send a message; `false` if the writer has given up.
    pub(super) fn send(&mut self, message: Message) -> bool {
        self.messages.send(message).is_ok()
    }

    /// An empty block, used before if there is one.
    pub(super) fn empty(&mut self, capacity: usize) -> Vec<f64> {
        let mut block = self.emptied.try_recv().unwrap_or_default();
        block.clear();
        block.reserve(capacity);
        block
    }
}

impl Inlet {
    /// Write everything that comes, until `runs` runs are over; then give the archive its name.
    ///
    /// `None` if the runs ended early without saying why (a panic, a scheme that would not start):
    /// then there is no archive either.
    pub(super) fn write(
        self,
        mut writer: Writer<'_>,
        runs: u64,
    ) -> Result<Option<PathBuf>, ArchiveError> {
        let mut finished = 0;
        for message in self.messages {
            match message {
                Message::Rows {
                    run,
                    data_set,
                    first,
                    values,
                } => {
                    writer.rows(run, data_set, first, &values)?;
                    // If enough empty blocks wait already, this one is dropped.
                    let _ = self.emptied.try_send(values);
                }
                Message::Finished(run, record) => {
                    writer.finish_run(run, &record)?;
                    finished += 1;
                }
                Message::Interrupted(run, record) => {
                    return writer.interrupt(run, &record).map(Some);
                }
            }
        }
        if finished < runs {
            return writer.abandon().map(|()| None);
        }
        writer.complete().map(Some)
    }
}
