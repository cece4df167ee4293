//! The channel from the runs to the writer: bounded, with the emptied blocks of long runs coming back
//! for use again, so that a run that goes on allocates nothing and never waits for memory to be found.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::archive::{ArchiveError, TaskResult, Writer};

/// How many messages may wait for the writer.
const WAITING: usize = 4;

/// Where samples go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal {
    /// A column of the contents.
    Column(usize),
    /// A data set.
    DataSet(usize),
}

/// What the writer is told.
pub(super) enum Message {
    /// Samples of a long run.
    Rows {
        slot: u64,
        goal: Goal,
        first: usize,
        values: Vec<f64>,
        back: SyncSender<Vec<f64>>,
    },
    /// Events of a long run, from this one on.
    Events {
        run: u64,
        first: usize,
        values: Vec<f64>,
    },
    /// A long run can go on from here.
    Checkpoint(u64, Vec<f64>),
    /// Runs of a task ended.
    Finished(Box<TaskResult>),
    /// A long run was left; this is how far it is.
    Left(Box<TaskResult>),
}

/// The way to the writer.
pub(super) type Messages = SyncSender<Message>;

/// The writer's end.
pub(super) struct Inlet {
    messages: Receiver<Message>,
}

/// A run's end.
pub(super) struct Outlet {
    messages: Messages,
    back: SyncSender<Vec<f64>>,
    emptied: Receiver<Vec<f64>>,
}

/// A channel.
pub(super) fn channel() -> (Messages, Inlet) {
    let (messages, inlet) = sync_channel(WAITING);
    (messages, Inlet { messages: inlet })
}

impl Outlet {
    pub(super) fn new(messages: Messages) -> Self {
        let (back, emptied) = sync_channel(WAITING + 1);
        Self {
            messages,
            back,
            emptied,
        }
    }

    /// Send samples; `false` if the writer has given up.
    pub(super) fn rows(&self, slot: u64, goal: Goal, first: usize, values: Vec<f64>) -> bool {
        self.send(Message::Rows {
            slot,
            goal,
            first,
            values,
            back: self.back.clone(),
        })
    }

    /// Send a message; `false` if the writer has given up.
    pub(super) fn send(&self, message: Message) -> bool {
        self.messages.send(message).is_ok()
    }

    /// An empty block, used before if there is one.
    pub(super) fn empty(&self, capacity: usize) -> Vec<f64> {
        let mut block = self.emptied.try_recv().unwrap_or_default();
        block.clear();
        block.reserve(capacity);
        block
    }
}

impl Inlet {
    /// Hand out everything that comes, until something goes wrong.
    pub(super) fn each<E>(self, take: &mut dyn FnMut(Message) -> Result<(), E>) -> Result<(), E> {
        self.messages.into_iter().try_for_each(take)
    }

    /// Take everything that comes and keep nothing.
    pub(super) fn discard(self) {
        for message in self.messages {
            if let Message::Rows { values, back, .. } = message {
                let _ = back.try_send(values);
            }
        }
    }

    /// Write everything that comes. If then all of `missing` runs are finished, the archive gets its
    /// name; else it stays, for the next run to go on with.
    pub(super) fn write(
        self,
        mut writer: Writer<'_>,
        missing: u64,
    ) -> Result<(PathBuf, bool), ArchiveError> {
        let mut finished = 0;
        for message in self.messages {
            match message {
                Message::Rows {
                    slot,
                    goal,
                    first,
                    values,
                    back,
                } => {
                    match goal {
                        Goal::Column(column) => writer.rows(slot, column, first, &values)?,
                        Goal::DataSet(index) => writer.samples(slot, index, first, &values)?,
                    }
                    // If enough empty blocks wait already, this one is dropped.
                    let _ = back.try_send(values);
                }
                Message::Events { run, first, values } => writer.events(run, first, &values)?,
                Message::Checkpoint(slot, memory) => writer.checkpoint(slot, &memory)?,
                Message::Finished(result) => {
                    writer.task(&result)?;
                    finished += result.records.len() as u64;
                }
                Message::Left(result) => writer.left(&result)?,
            }
        }
        match finished == missing {
            true => writer.complete().map(|path| (path, true)),
            false => writer.interrupt().map(|path| (path, false)),
        }
    }
}
