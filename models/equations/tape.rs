//! The tape: instructions on numbered registers, in the order in which they are carried out.
//!
//! Registers lie in one array of 2^16 numbers for each thread, and are named by 16 bits, so that no
//! access needs a check of its bounds; constants are put into their registers when a thread takes up
//! another tape than the one before. Nothing is allocated while a tape runs.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use multiversion::multiversion;

use super::function::{Binary, Unary};
use super::graph::LOOPS;
use super::number::{Number, Wide};
use super::reach::Reach;
use crate::prelude::LANES;

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

struct Scratch<N> {
    owner: u64,
    registers: Box<[N; REGISTERS]>,
}

impl<N: Number> Scratch<N> {
    /// Registers with nothing in them.
    fn new(zeros: Vec<N>) -> Self {
        let registers = zeros.into_boxed_slice();
        let registers = registers
            .try_into()
            .unwrap_or_else(|_| unreachable!("the length is that of the array"));
        Self {
            owner: 0,
            registers,
        }
    }

    /// Put the constants of a tape into their registers, if another tape was there before.
    #[inline(always)]
    fn take_up(&mut self, tape: &Tape) {
        if self.owner != tape.number {
            for &(register, number) in &tape.constants {
                self.registers[usize::from(register)] = N::of(number);
            }
            self.owner = tape.number;
        }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch<f64>> = RefCell::new(Scratch::new(vec![0.0; REGISTERS]));
    static WIDE: RefCell<Scratch<Wide>> =
        RefCell::new(Scratch::new(vec![Wide::of(0.0); REGISTERS]));
}

/// A whole power by squaring: the products that `f64::powi` makes, for all lanes at once.
#[inline(always)]
fn power<N: Number>(base: N, n: i16) -> N {
    let (mut square, mut rest) = (base, n.unsigned_abs());
    let mut product: Option<N> = None;
    while rest > 0 {
        if rest & 1 == 1 {
            product = Some(match product {
                None => square,
                Some(product) => product.zip(square, |p, s| p * s),
            });
        }
        rest >>= 1;
        if rest > 0 {
            square = square.zip(square, |a, b| a * b);
        }
    }
    let product = product.unwrap_or_else(|| N::of(1.0));
    if n < 0 {
        product.map(|p| 1.0 / p)
    } else {
        product
    }
}

/// [`Tape::run_lanes`] with the registers at hand, for the widest vectors of the processor.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn run_wide(
    tape: &Tape,
    registers: &mut [Wide; REGISTERS],
    t: &[f64; LANES],
    x: &[f64],
    out: &mut [f64],
) {
    tape.run_on(registers, [0; LOOPS], Wide(*t), x, out);
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

    /// Run it for several runs side by side: `x` and `out` have the lanes innermost.
    pub fn run_lanes(&self, t: &[f64; LANES], x: &[f64], out: &mut [f64]) {
        WIDE.with_borrow_mut(|scratch| {
            scratch.take_up(self);
            run_wide(self, &mut scratch.registers, t, x, out);
        });
    }

    /// Run it for this value of its pinned variable.
    pub fn run_at(&self, value: usize, t: f64, x: &[f64], out: &mut [f64]) {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.take_up(self);
            let mut index = [0; LOOPS];
            if let Some(variable) = self.pinned {
                index[variable] = value;
            }
            self.run_on(&mut scratch.registers, index, t, x, out);
        });
    }

    #[inline(always)]
    fn run_on<N: Number>(
        &self,
        r: &mut [N; REGISTERS],
        mut index: [usize; LOOPS],
        t: N,
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
                Instruction::Add(d, a, b) => r!(d) = r!(a).zip(r!(b), |a, b| a + b),
                Instruction::Sub(d, a, b) => r!(d) = r!(a).zip(r!(b), |a, b| a - b),
                Instruction::Mul(d, a, b) => r!(d) = r!(a).zip(r!(b), |a, b| a * b),
                Instruction::Div(d, a, b) => r!(d) = r!(a).zip(r!(b), |a, b| a / b),
                Instruction::MulAdd(d, a, b, c) => {
                    r!(d) = r!(a).zip(r!(b), |a, b| a * b).zip(r!(c), |ab, c| ab + c);
                }
                Instruction::MulSub(d, a, b, c) => {
                    r!(d) = r!(a).zip(r!(b), |a, b| a * b).zip(r!(c), |ab, c| c - ab);
                }
                Instruction::MulMul(d, a, b, c) => {
                    r!(d) = r!(a).zip(r!(b), |a, b| a * b).zip(r!(c), |ab, c| ab * c);
                }
                Instruction::MulDiff(d, a, b, c) => {
                    r!(d) = r!(a).zip(r!(b).zip(r!(c), |b, c| b - c), |a, bc| a * bc);
                }
                Instruction::Neg(d, a) => r!(d) = r!(a).map(|a| -a),
                Instruction::Exp(d, a) => r!(d) = r!(a).map(f64::exp),
                Instruction::Sin(d, a) => r!(d) = r!(a).map(f64::sin),
                Instruction::Tanh(d, a) => r!(d) = r!(a).map(f64::tanh),
                Instruction::One(function, d, a) => r!(d) = r!(a).map(|a| function.of(a)),
                Instruction::Two(function, d, a, b) => {
                    r!(d) = r!(a).zip(r!(b), |a, b| function.of(a, b));
                }
                Instruction::Power(d, a, n) => r!(d) = power(r!(a), n),
                Instruction::Time(d) => r!(d) = t,
                Instruction::State(d, slot) => r!(d) = N::load(x, slot as usize),
                Instruction::StateAt(d, variable, base) => {
                    let place = base as usize + index[usize::from(variable) % LOOPS];
                    r!(d) = N::load(x, place);
                }
                Instruction::StateBy(d, reach) => {
                    r!(d) = N::load(x, self.reaches[reach as usize].at(&index));
                }
                Instruction::TableAt(d, variable, base) => {
                    let place = base as usize + index[usize::from(variable) % LOOPS];
                    r!(d) = N::of(self.table[place]);
                }
                Instruction::TableBy(d, reach) => {
                    r!(d) = N::of(self.table[self.reaches[reach as usize].at(&index)]);
                }
                Instruction::Zero(d) => r!(d) = N::of(0.0),
                Instruction::Accumulate(d, a) => r!(d) = r!(d).zip(r!(a), |d, a| d + a),
                Instruction::Loop(variable) => index[usize::from(variable) % LOOPS] = 0,
                Instruction::End(variable, size, back) => {
                    let value = &mut index[usize::from(variable) % LOOPS];
                    *value += 1;
                    if *value < size as usize {
                        at -= back as usize;
                    }
                }
                Instruction::Store(a, slot) => r!(a).store(out, slot as usize),
                Instruction::StoreAt(a, variable, base) => {
                    let place = base as usize + index[usize::from(variable) % LOOPS];
                    r!(a).store(out, place);
                }
                Instruction::StoreBy(a, reach) => {
                    r!(a).store(out, self.reaches[reach as usize].at(&index));
                }
                Instruction::AddBy(a, reach) => {
                    let place = self.reaches[reach as usize].at(&index);
                    N::load(out, place)
                        .zip(r!(a), |sum, a| sum + a)
                        .store(out, place);
                }
            }
        }
    }
}
