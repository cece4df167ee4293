//! The tape: instructions on numbered registers, in the order in which they are carried out.
//!
//! Registers lie in one array of 2^16 numbers for each thread, and are named by 16 bits, so that no
//! access needs a check of its bounds; constants are put into their registers when a thread takes up
//! another tape than the one before. Nothing is allocated while a tape runs.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::function::{Binary, Unary};
use super::graph::LOOPS;
use super::reach::Reach;

/// A register.
pub type Register = u16;
/// As many registers there are.
pub const REGISTERS: usize = 1 << 16;

/// One instruction; `d` is where the result goes.
#[derive(Clone, Copy, Debug)]
pub enum Instruction {
    Add(Register, Register, Register),
    Sub(Register, Register, Register),
    Mul(Register, Register, Register),
    Div(Register, Register, Register),
    /// d = a b + c, rounded twice, as written.
    MulAdd(Register, Register, Register, Register),
    /// d = c - a b
    MulSub(Register, Register, Register, Register),
    /// d = a b c, from the left
    MulMul(Register, Register, Register, Register),
    /// d = a (b - c)
    MulDiff(Register, Register, Register, Register),
    Neg(Register, Register),
    Exp(Register, Register),
    Sin(Register, Register),
    Tanh(Register, Register),
    One(Unary, Register, Register),
    Two(Binary, Register, Register, Register),
    Power(Register, Register, i16),
    Time(Register),
    /// d = x[slot]
    State(Register, u32),
    /// d = x[base + variable]
    StateAt(Register, u8, u32),
    /// d = x[reach]
    StateBy(Register, u32),
    /// d = table[base + variable]
    TableAt(Register, u8, u32),
    /// d = table[reach]
    TableBy(Register, u32),
    Zero(Register),
    /// d += a
    Accumulate(Register, Register),
    Loop(u8),
    /// Back by so many instructions while the variable has not come to its end.
    End(u8, u32, u32),
    /// out[slot] = a
    Store(Register, u32),
    /// out[base + variable] = a
    StoreAt(Register, u8, u32),
    /// out[reach] = a
    StoreBy(Register, u32),
    /// out[reach] += a
    AddBy(Register, u32),
}

/// A program for some numbers of a state.
#[derive(Debug)]
pub struct Tape {
    code: Vec<Instruction>,
    constants: Vec<(Register, f64)>,
    reaches: Vec<Reach>,
    table: Vec<f64>,
    /// A loop variable that no loop runs: its value is given.
    pinned: Option<usize>,
    /// Tells tapes apart, so that a thread knows whose constants it holds.
    number: u64,
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

struct Scratch {
    owner: u64,
    registers: Box<[f64; REGISTERS]>,
}

impl Default for Scratch {
    fn default() -> Self {
        // Zeroed pages: only those that a tape uses are ever made.
        let registers = vec![0.0; REGISTERS].into_boxed_slice();
        let registers = registers
            .try_into()
            .unwrap_or_else(|_| unreachable!("the length is that of the array"));
        Self {
            owner: 0,
            registers,
        }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Tape {
    pub fn new(
        code: Vec<Instruction>,
        constants: Vec<(Register, f64)>,
        reaches: Vec<Reach>,
        table: Vec<f64>,
    ) -> Self {
        Self {
            code,
            constants,
            reaches,
            table,
            pinned: None,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The same tape, for one value of a loop variable at a time.
    pub fn pinned(mut self, variable: usize) -> Self {
        self.pinned = Some(variable % LOOPS);
        self
    }

    /// The instructions.
    #[cfg(test)]
    pub fn code(&self) -> &[Instruction] {
        &self.code
    }

    /// Run it at `(t, x)`; its results go to `out`.
    pub fn run(&self, t: f64, x: &[f64], out: &mut [f64]) {
        self.run_at(0, t, x, out);
    }

    /// Run it for this value of its pinned variable.
    pub fn run_at(&self, value: usize, t: f64, x: &[f64], out: &mut [f64]) {
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.owner != self.number {
                for &(register, number) in &self.constants {
                    scratch.registers[usize::from(register)] = number;
                }
                scratch.owner = self.number;
            }
            let mut index = [0; LOOPS];
            if let Some(variable) = self.pinned {
                index[variable] = value;
            }
            self.run_on(&mut scratch.registers, index, t, x, out);
        });
    }

    fn run_on(
        &self,
        r: &mut [f64; REGISTERS],
        mut index: [usize; LOOPS],
        t: f64,
        x: &[f64],
        out: &mut [f64],
    ) {
        let mut at = 0;
        let code = self.code.as_slice();
        macro_rules! r {
            ($register:expr) => {
                r[usize::from($register)]
            };
        }
        while let Some(&instruction) = code.get(at) {
            at += 1;
            match instruction {
                Instruction::Add(d, a, b) => r!(d) = r!(a) + r!(b),
                Instruction::Sub(d, a, b) => r!(d) = r!(a) - r!(b),
                Instruction::Mul(d, a, b) => r!(d) = r!(a) * r!(b),
                Instruction::Div(d, a, b) => r!(d) = r!(a) / r!(b),
                Instruction::MulAdd(d, a, b, c) => r!(d) = r!(a) * r!(b) + r!(c),
                Instruction::MulSub(d, a, b, c) => r!(d) = r!(c) - r!(a) * r!(b),
                Instruction::MulMul(d, a, b, c) => r!(d) = r!(a) * r!(b) * r!(c),
                Instruction::MulDiff(d, a, b, c) => r!(d) = r!(a) * (r!(b) - r!(c)),
                Instruction::Neg(d, a) => r!(d) = -r!(a),
                Instruction::Exp(d, a) => r!(d) = r!(a).exp(),
                Instruction::Sin(d, a) => r!(d) = r!(a).sin(),
                Instruction::Tanh(d, a) => r!(d) = r!(a).tanh(),
                Instruction::One(function, d, a) => r!(d) = function.of(r!(a)),
                Instruction::Two(function, d, a, b) => r!(d) = function.of(r!(a), r!(b)),
                Instruction::Power(d, a, n) => r!(d) = r!(a).powi(i32::from(n)),
                Instruction::Time(d) => r!(d) = t,
                Instruction::State(d, slot) => r!(d) = x[slot as usize],
                Instruction::StateAt(d, variable, base) => {
                    r!(d) = x[base as usize + index[usize::from(variable) % LOOPS]];
                }
                Instruction::StateBy(d, reach) => {
                    r!(d) = x[self.reaches[reach as usize].at(&index)];
                }
                Instruction::TableAt(d, variable, base) => {
                    r!(d) = self.table[base as usize + index[usize::from(variable) % LOOPS]];
                }
                Instruction::TableBy(d, reach) => {
                    r!(d) = self.table[self.reaches[reach as usize].at(&index)];
                }
                Instruction::Zero(d) => r!(d) = 0.0,
                Instruction::Accumulate(d, a) => r!(d) += r!(a),
                Instruction::Loop(variable) => index[usize::from(variable) % LOOPS] = 0,
                Instruction::End(variable, size, back) => {
                    let value = &mut index[usize::from(variable) % LOOPS];
                    *value += 1;
                    if *value < size as usize {
                        at -= back as usize;
                    }
                }
                Instruction::Store(a, slot) => out[slot as usize] = r!(a),
                Instruction::StoreAt(a, variable, base) => {
                    out[base as usize + index[usize::from(variable) % LOOPS]] = r!(a);
                }
                Instruction::StoreBy(a, reach) => {
                    out[self.reaches[reach as usize].at(&index)] = r!(a);
                }
                Instruction::AddBy(a, reach) => {
                    out[self.reaches[reach as usize].at(&index)] += r!(a);
                }
            }
        }
    }
}
