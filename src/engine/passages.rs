//! Passages: guards of a flow with noise within one step.
//!
//! Between the ends of a step the path is a Brownian bridge, which may cross a threshold and come back. With coefficients frozen over
//! the step a guard function goes from a > 0 to c with variance v, and
//!
//! ```text
//! whether and when it is zero:             the first passage of the bridge (`first_passage`)
//! after a reset to y at tau:               y + (x_1 - x_tau) + (f(y) - f(x_0)) (h - tau)
//! ```
//!
//! with x_tau on the surface, moved there along the noise. Under error control the step may be long for what the reset makes of the
//! state: there the difference d = y - x_tau is followed to the end, d' = f(x + d) - f(x), in as many steps of Runge and Kutta as the
//! tolerances ask for. Of a flow in parts only the part that passes is touched, and no path is
//! asked within the step: an event costs what its own part costs. Where it is one piece, that piece is the part. A guard that has
//! fired is armed again at the end of a step at which it stands on its own side: between two ends a rough path crosses without end.
//!
//! Gobet, *Weak approximation of killed diffusion using Euler schemes*, Stochastic Process. Appl. 87 (2000) 167.

mod following;

use std::collections::BinaryHeap;

use super::explicit::Tolerances;
use super::field::Field;
use super::first_passage::Bridge;
use super::parted::Due;
use super::scheme::Scheme;
use super::stochastic::form::Form;
use super::watch::{Fired, Watch};
use crate::system::guard::Guards;
use crate::system::parts::Parts;
use following::Piece;

/// A passage less likely than exp(-NEVER) is none.
const NEVER: f64 = 37.0;

/// The step at hand: who made it, in which lane, and what is watched.
pub(super) struct Rough<'a, F: ?Sized, const L: usize> {
    pub field: &'a F,
    pub scheme: &'a dyn Scheme<F, L>,
    pub lane: usize,
    pub guards: &'a dyn Guards,
    pub parts: Option<&'a dyn Parts>,
}

impl<F: Field<L> + ?Sized, const L: usize> Rough<'_, F, L> {
    fn parts(&self) -> usize {
        self.parts.map_or(1, |parts| parts.count())
    }

    fn size(&self) -> usize {
        self.parts.map_or(self.field.dim(), |parts| parts.size())
    }

    fn component(&self, part: usize, k: usize) -> usize {
        self.parts.map_or(k, |parts| parts.component(part, k))
    }

    fn guards_of(&self, part: usize) -> std::ops::Range<usize> {
        self.parts
            .map_or(0..self.guards.count(), |parts| parts.guards(part))
    }

    fn drift(&self, part: usize, t: f64, x: &[f64], dx: &mut [f64]) {
        match self.parts {
            Some(parts) => parts.drift(part, t, x, dx),
            None => self.field.drift_of(self.lane, t, x, dx),
        }
    }

    fn values(&self, part: usize, t: f64, x: &[f64], g: &mut [f64]) {
        match self.parts {
            Some(parts) => parts.values(part, t, x, g),
            None => self.guards.values(t, x, g),
        }
    }
}

/// What is known of the noise at the start of a step.
#[derive(Default)]
struct Noise {
    /// The coefficients, as the scheme has them.
    b: Vec<f64>,
    /// The address of the step's own draws.
    address: u64,
}

/// The passages of one run.
pub(super) struct Passages {
    x0: Vec<f64>,
    x1: Vec<f64>,
    noise: Noise,
    /// Guard functions at the start and at the end of the step; whether those at the start are known.
    g0: Vec<f64>,
    g1: Vec<f64>,
    known: bool,
    /// The variance of each guard function over the step.
    variance: Vec<f64>,
    /// Components that are moved together, because no guard feels two of them.
    groups: Vec<Vec<usize>>,
    /// The components with noise that each guard feels.
    felt: Vec<Vec<usize>>,
    /// Which components are not auxiliary.
    measured: Vec<bool>,
    pieces: Vec<Piece>,
    piece_of: Vec<Option<usize>>,
    /// How often each part was changed in this step, and which were.
    versions: Vec<u32>,
    changed: Vec<usize>,
    queue: BinaryHeap<Due>,
    moved: Vec<f64>,
    trial: Vec<f64>,
    own: Vec<f64>,
}

impl Passages {
    /// Of a run that began at `start`.
    pub(super) fn new<F: Field<L> + ?Sized, const L: usize>(
        rough: &Rough<'_, F, L>,
        start: f64,
    ) -> Self {
        let (dim, count) = (rough.field.dim(), rough.guards.count());
        let mut passages = Self {
            x0: vec![0.0; dim],
            x1: vec![0.0; dim],
            noise: Noise {
                b: vec![0.0; rough.field.form().coefficients(dim)],
                address: 0,
            },
            g0: vec![0.0; count],
            g1: vec![0.0; count],
            known: false,
            variance: vec![0.0; count],
            groups: Vec::new(),
            felt: vec![Vec::new(); count],
            measured: rough.field.measured(),
            pieces: Vec::new(),
            piece_of: vec![None; rough.parts()],
            versions: vec![0; rough.parts()],
            changed: Vec::new(),
            queue: BinaryHeap::new(),
            moved: vec![0.0; dim],
            trial: vec![0.0; count],
            own: Vec::new(),
        };
        match rough.parts {
            Some(parts) => passages.of_parts(parts),
            None => passages.feel(rough, start),
        }
        passages
    }

    /// A guard of a part feels the part's components.
    fn of_parts(&mut self, parts: &dyn Parts) {
        for k in 0..parts.size() {
            let group = (0..parts.count()).map(|part| parts.component(part, k));
            self.groups.push(group.collect());
        }
        for part in 0..parts.count() {
            for guard in parts.guards(part) {
                let own = (0..parts.size()).map(|k| parts.component(part, k));
                self.felt[guard] = own.collect();
            }
        }
    }

    /// Find out which guards feel which components, by moving them, and put into one group what no guard feels together. The places
    /// do not depend on where the run stands, so that one that is resumed finds the same.
    fn feel<F: Field<L> + ?Sized, const L: usize>(&mut self, rough: &Rough<'_, F, L>, t: f64) {
        // No two components alike, and no special values.
        let place = |i: usize| 0.1 + (0.618_033_988_749_894_9 * (i + 1) as f64).fract();
        let mut x: Vec<f64> = (0..self.x0.len()).map(place).collect();
        let (mut there, mut moved) = (self.g0.clone(), self.g0.clone());
        rough.guards.values(t, &x, &mut there);
        let mut group_of_guard: Vec<Vec<bool>> = Vec::new();
        for i in 0..x.len() {
            let before = x[i];
            let mut feel = vec![false; there.len()];
            // A guard that is flat at one distance may not be at another.
            for distance in [1e-3, 1.0, -1.0, 100.0, -100.0] {
                x[i] = before + distance;
                rough.guards.values(t, &x, &mut moved);
                for ((feel, a), b) in feel.iter_mut().zip(&there).zip(&moved) {
                    *feel |= a != b;
                }
            }
            x[i] = before;
            for (guard, _) in feel.iter().enumerate().filter(|(_, feels)| **feels) {
                self.felt[guard].push(i);
            }
            if !feel.contains(&true) {
                continue;
            }
            let apart = |taken: &Vec<bool>| !taken.iter().zip(&feel).any(|(a, b)| *a && *b);
            let group = group_of_guard.iter().position(apart).unwrap_or_else(|| {
                group_of_guard.push(vec![false; feel.len()]);
                self.groups.push(Vec::new());
                group_of_guard.len() - 1
            });
            self.groups[group].push(i);
            for (taken, feels) in group_of_guard[group].iter_mut().zip(&feel) {
                *taken |= feels;
            }
        }
    }

    /// Take up the last step, and find what is due in it.
    pub(super) fn begin<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        watch: &mut Watch,
    ) -> bool {
        let lane = rough.lane;
        let address = rough.scheme.rough(lane, &mut self.x0, &mut self.noise.b);
        let Some(address) = address else {
            return false;
        };
        self.noise.address = address;
        rough.scheme.state(lane, &mut self.x1);
        for piece in self.pieces.drain(..) {
            self.piece_of[piece.part] = None;
        }
        for part in self.changed.drain(..) {
            self.versions[part] = 0;
        }
        self.queue.clear();
        let (from, to) = self.span(rough);
        if !self.known {
            rough.guards.values(from, &self.x0, &mut self.g0);
        }
        rough.guards.values(to, &self.x1, &mut self.g1);
        self.find_variances(rough);
        let mut last = None;
        for k in 0..watch.functions() {
            let (guard, sign, armed) = watch.function(k);
            let part = rough.parts.map_or(0, |parts| parts.part_of(guard));
            if last != Some(part) && (watch.is_clock(guard) || armed && self.may_pass(guard, sign))
            {
                last = Some(part);
                self.foresee(rough, watch, part, from);
            }
        }
        true
    }

    fn span<F: ?Sized, const L: usize>(&self, rough: &Rough<'_, F, L>) -> (f64, f64) {
        let scheme = rough.scheme;
        (scheme.previous_time(rough.lane), scheme.time(rough.lane))
    }

    /// The variance of every guard function over the step: its changes along the noise, squared and added up.
    fn find_variances<F: Field<L> + ?Sized, const L: usize>(&mut self, rough: &Rough<'_, F, L>) {
        let (from, to) = self.span(rough);
        let (form, root) = (rough.field.form(), (to - from).sqrt());
        self.variance.fill(0.0);
        let mut by_channel = match form.diagonal {
            true => Vec::new(),
            false => vec![0.0; self.variance.len() * form.channels],
        };
        for group in &self.groups {
            self.moved.copy_from_slice(&self.x0);
            let mut any = false;
            for &i in group {
                let far = root * self.noise.size(form.diagonal, form.channels, i);
                self.moved[i] += far;
                any |= far > 0.0;
            }
            if !any {
                continue;
            }
            rough.guards.values(from, &self.moved, &mut self.trial);
            if form.diagonal {
                let changes = self.trial.iter().zip(&self.g0);
                for (variance, (moved, there)) in self.variance.iter_mut().zip(changes) {
                    *variance += (moved - there) * (moved - there);
                }
                continue;
            }
            for (guard, felt) in self.felt.iter().enumerate() {
                let change = self.trial[guard] - self.g0[guard];
                if change == 0.0 {
                    continue;
                }
                let Some(&i) = felt.iter().find(|i| group.contains(i)) else {
                    continue;
                };
                let slope = change / self.noise.size(false, form.channels, i);
                let row = &self.noise.b[i * form.channels..(i + 1) * form.channels];
                let sums = &mut by_channel[guard * form.channels..(guard + 1) * form.channels];
                for (sum, b) in sums.iter_mut().zip(row) {
                    *sum += slope * b;
                }
            }
        }
        for (variance, sums) in self
            .variance
            .iter_mut()
            .zip(by_channel.chunks(form.channels.max(1)))
        {
            *variance = sums.iter().map(|sum| sum * sum).sum();
        }
    }

    /// Whether a function may pass zero within the step, before anything is drawn.
    fn may_pass(&self, guard: usize, sign: f64) -> bool {
        let (a, c) = (sign * self.g0[guard], sign * self.g1[guard]);
        c < 0.0 || 2.0 * a * c < NEVER * self.variance[guard]
    }

    /// Find what is due first in a part from `from` on, its guards being `g0` there and `g1` at the end of the step.
    fn foresee<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        watch: &mut Watch,
        part: usize,
        from: f64,
    ) {
        let (start, to) = self.span(rough);
        let functions = watch.functions_of(&rough.guards_of(part));
        let share = (to - from) / (to - start);
        let (mut time, mut which) = watch.due(rough.guards, &functions, from, to);
        for k in functions {
            let Some((guard, sign)) = watch.armed_of_state(k) else {
                continue;
            };
            let bridge = Bridge {
                a: (sign * self.g0[guard]).max(0.0),
                c: sign * self.g1[guard],
                variance: self.variance[guard] * share,
            };
            let counter = [k as u64, u64::from(self.versions[part])];
            let Some(passed) = bridge.passage(counter, self.noise.address) else {
                continue;
            };
            let at = from + passed * (to - from);
            if at < time {
                (time, which) = (at, vec![guard]);
            } else if at == time && !which.contains(&guard) {
                which.push(guard);
            }
        }
        if !which.is_empty() {
            which.sort_unstable();
            self.push(part, time, which);
        }
    }

    fn change(&mut self, part: usize) {
        self.versions[part] += 1;
        self.changed.push(part);
    }

    fn push(&mut self, part: usize, time: f64, guards: Vec<usize>) {
        let version = self.versions[part];
        let fired = Fired {
            time,
            guards,
            endless: false,
        };
        self.queue.push(Due {
            fired,
            part,
            version,
        });
    }

    /// The next event of the step.
    pub(super) fn next(&mut self) -> Option<(Fired, usize)> {
        while let Some(due) = self.queue.pop() {
            if due.version == self.versions[due.part] {
                return Some((due.fired, due.part));
            }
        }
        None
    }

    /// The state of a part at `t`, on the straight line through what is known of it.
    pub(super) fn part_at<F: Field<L> + ?Sized, const L: usize>(
        &self,
        rough: &Rough<'_, F, L>,
        part: usize,
        t: f64,
        x: &mut [f64],
    ) {
        let (from, to) = self.span(rough);
        let piece = self.piece_of[part].map(|piece| &self.pieces[piece]);
        let from = piece.map_or(from, |piece| piece.from);
        let share = if to > from {
            (t - from) / (to - from)
        } else {
            1.0
        };
        if let Some(piece) = piece {
            return piece.at(share, x);
        }
        for (k, x) in x.iter_mut().enumerate() {
            let i = rough.component(part, k);
            *x = (1.0 - share) * self.x0[i] + share * self.x1[i];
        }
    }

    /// The whole state at `t`, after the last event that was taken.
    pub(super) fn state_at<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        t: f64,
        state: &mut [f64],
    ) {
        match t >= rough.scheme.time(rough.lane) {
            true => rough.scheme.state(rough.lane, state),
            false => rough.scheme.interpolate(rough.lane, t, state),
        }
        let mut own = std::mem::take(&mut self.own);
        own.resize(rough.size(), 0.0);
        for piece in &self.pieces {
            self.part_at(rough, piece.part, t, &mut own);
            for (k, &x) in own.iter().enumerate() {
                state[rough.component(piece.part, k)] = x;
            }
        }
        self.own = own;
    }

    /// The state at which guards of a part fire: on the surface of those that feel noise.
    pub(super) fn event_state<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        watch: &Watch,
        (fired, part): (&Fired, usize),
    ) -> Vec<f64> {
        let mut x = vec![0.0; rough.size()];
        self.part_at(rough, part, fired.time, &mut x);
        for &guard in fired.guards.iter().filter(|&&guard| !watch.is_clock(guard)) {
            for _ in 0..2 {
                self.move_onto(rough, (guard, part), fired.time, &mut x);
            }
        }
        x
    }

    /// Move the state of a part along the noise by as much as takes a guard to zero.
    fn move_onto<F: Field<L> + ?Sized, const L: usize>(
        &self,
        rough: &Rough<'_, F, L>,
        (guard, part): (usize, usize),
        t: f64,
        x: &mut [f64],
    ) {
        let form = rough.field.form();
        let guards = rough.guards_of(part);
        let own = guard - guards.start;
        let (mut there, mut moved) = (vec![0.0; guards.len()], vec![0.0; guards.len()]);
        rough.values(part, t, x, &mut there);
        let mut gradient = vec![0.0; x.len()];
        for (k, gradient) in gradient.iter_mut().enumerate() {
            let i = rough.component(part, k);
            let size = self.noise.size(form.diagonal, form.channels, i);
            if size == 0.0 || !self.felt[guard].contains(&i) {
                continue;
            }
            let before = x[k];
            let far = 1e-3 * size * (self.span(rough).1 - self.span(rough).0).sqrt();
            x[k] = before + far;
            rough.values(part, t, x, &mut moved);
            *gradient = (moved[own] - there[own]) / (x[k] - before);
            x[k] = before;
        }
        let places: Vec<usize> = (0..x.len()).map(|k| rough.component(part, k)).collect();
        let along = self.noise.along(&form, &places, &gradient);
        let speed: f64 = gradient.iter().zip(&along).map(|(g, d)| g * d).sum();
        let distance = -there[own] / speed;
        if speed > 0.0 && distance.is_finite() {
            for (x, d) in x.iter_mut().zip(&along) {
                *x += distance * d;
            }
        }
    }

    /// Let a part go on from `(t, y)`, where it was at `x` before: what the path still does in this step it does from there.
    pub(super) fn go_on<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        part: usize,
        t: f64,
        (x, y): (&[f64], Vec<f64>),
    ) {
        let controlled = |tolerances: &&Tolerances| tolerances.step.is_none();
        let knots = match rough.scheme.tolerances().filter(controlled) {
            Some(tolerances) => self.followed(rough, (part, t), (x, &y), tolerances),
            None => vec![y.clone(), self.carried(rough, (part, t), (x, &y))],
        };
        self.change(part);
        let piece = Piece {
            part,
            from: t,
            knots,
        };
        match self.piece_of[part] {
            Some(place) => self.pieces[place] = piece,
            None => {
                self.piece_of[part] = Some(self.pieces.len());
                self.pieces.push(piece);
            }
        }
    }

    /// A part stands at the start of its piece after these guards reset it: arm its guards and find what is due. Those that the reset
    /// carried across their surfaces fire at once.
    pub(super) fn settle<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        watch: &mut Watch,
        part: usize,
        by: &[usize],
    ) {
        let Some(place) = self.piece_of[part] else {
            return;
        };
        let guards = rough.guards_of(part);
        let (_, to) = self.span(rough);
        let piece = &self.pieces[place];
        let time = piece.from;
        rough.values(part, time, piece.start(), &mut self.g0[guards.clone()]);
        rough.values(part, to, piece.end(), &mut self.g1[guards.clone()]);
        let across = watch.settle(&guards, by, &self.g0[guards.clone()]);
        match across.is_empty() {
            true => self.foresee(rough, watch, part, time),
            false => self.push(part, time, across),
        }
    }

    /// Look on in a part after an event that left it as it is.
    pub(super) fn look_on<F: Field<L> + ?Sized, const L: usize>(
        &mut self,
        rough: &Rough<'_, F, L>,
        watch: &mut Watch,
        part: usize,
        from: f64,
    ) {
        self.change(part);
        let (_, to) = self.span(rough);
        let mut x = vec![0.0; rough.size()];
        self.part_at(rough, part, from, &mut x);
        let guards = rough.guards_of(part);
        rough.values(part, from, &x, &mut self.g0[guards]);
        if from < to {
            self.foresee(rough, watch, part, from);
        }
    }

    /// The components of the parts that were touched, and what they end the step with.
    pub(super) fn ends<'s, F: Field<L> + ?Sized, const L: usize>(
        &'s self,
        rough: &'s Rough<'_, F, L>,
    ) -> impl Iterator<Item = (Vec<usize>, &'s [f64])> {
        self.pieces.iter().map(|piece| {
            let places = (0..piece.end().len()).map(|k| rough.component(piece.part, k));
            (places.collect(), piece.end())
        })
    }

    /// The step is done: arm what has come back to its own side at its end.
    pub(super) fn finish(&mut self, watch: &mut Watch) {
        watch.come_back(&self.g1);
        std::mem::swap(&mut self.g0, &mut self.g1);
        // Where parts were put back the whole is asked anew, as it is after a checkpoint.
        self.known = self.pieces.is_empty();
    }

    /// The state was changed by something else than a guard.
    pub(super) fn forget(&mut self) {
        self.known = false;
    }
}

impl Noise {
    /// How strongly noise moves a component.
    fn size(&self, diagonal: bool, channels: usize, i: usize) -> f64 {
        match diagonal {
            true => self.b[i].abs(),
            false => {
                let row = &self.b[i * channels..(i + 1) * channels];
                row.iter().map(|b| b * b).sum::<f64>().sqrt()
            }
        }
    }

    /// `B B^T gradient`, of the components in these places.
    fn along(&self, form: &Form, places: &[usize], gradient: &[f64]) -> Vec<f64> {
        if form.diagonal {
            let rows = places.iter().zip(gradient);
            return rows.map(|(&i, g)| self.b[i] * self.b[i] * g).collect();
        }
        let row = |i: usize| &self.b[i * form.channels..(i + 1) * form.channels];
        let mut by_channel = vec![0.0; form.channels];
        for (&i, g) in places.iter().zip(gradient) {
            for (sum, b) in by_channel.iter_mut().zip(row(i)) {
                *sum += b * g;
            }
        }
        let product = |&i: &usize| row(i).iter().zip(&by_channel).map(|(b, sum)| b * sum).sum();
        places.iter().map(product).collect()
    }
}
