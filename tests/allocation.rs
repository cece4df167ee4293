//! No allocation per step once a run is going, counted; and the counter sees a planted one.

use std::alloc::{GlobalAlloc, Layout as Memory, System as Allocator};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nullcline::config;
use nullcline::engine::integrate::{Job, Options, Span, integrate, integrate_batch};
use nullcline::engine::recorder::Recorder;
use nullcline::models::{self, linear_threshold::Network};
use nullcline::prelude::*;

/// Counts the allocations of each thread: what the test runner does beside is not ours.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Whether the thread belongs to the crew that is looked at.
    static IN_CREW: Cell<bool> = const { Cell::new(false) };
}

/// The allocations of all threads of the crew.
static OF_CREW: AtomicU64 = AtomicU64::new(0);

/// The allocations of this thread so far.
fn allocations() -> u64 {
    ALLOCATIONS.get()
}

// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        // A number without a destructor is there as long as the thread.
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        if IN_CREW.get() {
            OF_CREW.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: as above.
        unsafe { Allocator.alloc(memory) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, memory: Memory) {
        // SAFETY: as above.
        unsafe { Allocator.dealloc(pointer, memory) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Takes samples without keeping them; optionally with a planted allocation.
struct Listener {
    every: f64,
    taken: f64,
    plant: bool,
}

impl Recorder for Listener {
    fn next_time(&self) -> f64 {
        self.taken * self.every
    }

    fn record(&mut self, _t: f64, x: &[f64]) {
        self.taken += 1.0;
        if self.plant {
            std::hint::black_box(x.to_vec());
        }
    }
}

fn listener(plant: bool) -> Listener {
    Listener {
        every: 0.1,
        taken: 0.0,
        plant,
    }
}

/// A network that meets kinks all the time.
fn network(input: f64) -> Network {
    let n = 20;
    let weights: Vec<f64> = (0..n * n)
        .map(|i| 0.25 * (i as f64 * 12.9898).sin())
        .collect();
    let sine = Stimulus {
        channel: "input".into(),
        waveform: Waveform::Sine {
            frequency: 0.3,
            phase: 0.0,
        },
        amplitude: 1.0,
        from: 0.0,
        to: f64::INFINITY,
        place: Place::Everywhere,
    };
    thread_local! {
        static SHARED: std::cell::OnceCell<Arc<PackedMatrix>> = const { std::cell::OnceCell::new() };
    }
    let shared =
        SHARED.with(|w| Arc::clone(w.get_or_init(|| Arc::new(PackedMatrix::new(n, n, &weights)))));
    Network::new(shared)
        .input(&vec![input; n])
        .ceiling(&vec![1.5; n])
        .drive(Drive::new(&[sine], "input", n, None).unwrap())
}

/// Allocations of a run from 0 to `stop`, and its steps.
fn run(method: &str, stop: f64, plant: bool) -> (u64, u64) {
    let mut network = network(0.2);
    let noisy = matches!(method, "euler-maruyama" | "sra1");
    if noisy {
        network = network.noise(&[0.1; 20]);
    }
    let mut options = Options::new(20, 1e-6, 1e-9);
    if noisy || matches!(method, "euler" | "rk4") {
        options = options.step(0.01);
    }
    let span = Span { start: 0.0, stop };
    let mut recorder = listener(plant);
    let before = allocations();
    let outcome = integrate(
        &network,
        method,
        &options,
        span,
        &[0.0; 20],
        &mut recorder,
        &mut |_| true,
    )
    .unwrap();
    assert!(outcome.status.is_success());
    let after = allocations();
    (after - before, outcome.counts.steps)
}

#[test]
fn a_longer_run_allocates_no_more_than_a_short_one() {
    for method in ["euler", "rk4", "tsit5", "dopri5", "euler-maruyama", "sra1"] {
        let (short, few) = run(method, 10.0, false);
        let (long, many) = run(method, 200.0, false);
        println!("{method}: {short} allocations in {few} steps, {long} in {many}");
        assert!(many > 10 * few, "{method}: the longer run is longer");
        assert_eq!(short, long, "{method} allocates while it steps");
    }
    let (short, _) = run("tsit5", 10.0, true);
    let (long, _) = run("tsit5", 200.0, true);
    assert!(long > short + 1000, "the counter sees a planted allocation");

    let networks: Vec<Network> = (0..8).map(|i| network(0.1 * f64::from(i))).collect();
    let lanes = |stop: f64| {
        let mut jobs = networks.iter().map(|network| {
            let job = Job::new(Span { start: 0.0, stop }, vec![0.0; 20], listener(false));
            (network as &dyn System, job)
        });
        let options = Options::new(20, 1e-6, 1e-9);
        let before = allocations();
        integrate_batch("tsit5", &options, &mut jobs, &mut |_, _| (), &mut |_| true).unwrap();
        allocations() - before
    };
    assert_eq!(lanes(10.0), lanes(200.0), "lanes allocate while they step");

    let path = std::path::Path::new("configs/equations/kuramoto.toml");
    let experiment = config::load(path, &[], &models::registry()).unwrap();
    let Ok(Built::Flow(system)) = experiment.build() else {
        panic!("it is a flow");
    };
    let file = |stop: f64| {
        let options = Options::new(50, 1e-6, 1e-9);
        let (span, mut recorder) = (Span { start: 0.0, stop }, listener(false));
        let (system, x0) = (system.as_ref(), &experiment.initial);
        let before = allocations();
        integrate(
            system,
            "tsit5",
            &options,
            span,
            x0,
            &mut recorder,
            &mut |_| true,
        )
        .unwrap();
        allocations() - before
    };
    // The first run of a thread makes its registers.
    file(1.0);
    assert_eq!(
        file(2.0),
        file(20.0),
        "a model of a file allocates while it steps"
    );
}

/// Allocations of a run of the chloride network from 0 to `stop`.
fn sheet(method: &str, size: usize, stop: f64) -> u64 {
    let text = format!(
        "[model]\nfamily = \"chloride-network\"\n[model.parameters]\nnoise = {}\n\
         [model.space]\ngeometry = \"sheet\"\nsize = {size}\n[time]\nstop = 1.0\n\
         [solver]\nmethod = \"{method}\"\nstep = 0.5\n",
        if method == "rk4" { 0.0 } else { 10.0 }
    );
    let text = match size > 100 {
        // Wide kernels: transforms instead of sums.
        true => text.replace(
            "noise",
            "kernel_excitatory = 0.15\nkernel_inhibitory = 0.15\nnoise",
        ),
        false => text,
    };
    let path = std::path::Path::new("sheet.toml");
    let experiment = config::load_text(&text, path, &[], &models::registry()).unwrap();
    let Ok(Built::Flow(system)) = experiment.build() else {
        panic!("it is a flow");
    };
    let options = Options::new(experiment.initial.len(), 1e-6, 1e-9).step(0.5);
    let span = Span { start: 0.0, stop };
    let count = || match IN_CREW.get() {
        true => OF_CREW.load(Ordering::Relaxed),
        false => allocations(),
    };
    let before = count();
    let mut on = |_: f64| true;
    let mut listener = listener(false);
    listener.every = 0.5;
    let x0 = &experiment.initial;
    let ended = integrate(
        system.as_ref(),
        method,
        &options,
        span,
        x0,
        &mut listener,
        &mut on,
    );
    assert!(ended.expect("it fits").status.is_success());
    count() - before
}

#[test]
fn steps_of_a_sheet_allocate_nothing() {
    for (method, size) in [("rk4", 20), ("las", 20), ("rk4", 160)] {
        // The first run makes the buffers of this thread.
        sheet(method, size, 1.0);
        let (short, long) = (sheet(method, size, 2.0), sheet(method, size, 12.0));
        assert_eq!(short, long, "{method} on {size} x {size} cells");
    }
}

#[test]
fn steps_of_a_crew_allocate_nothing() {
    crew::with(2, || {
        rayon::broadcast(|_| IN_CREW.set(true));
        for (method, size) in [("rk4", 100), ("las", 100), ("rk4", 160)] {
            sheet(method, size, 1.0);
            // Who is kept from the processor by other tests for a second is called anew, which costs a few.
            let undisturbed = (0..5).any(|_| {
                let (short, long) = (sheet(method, size, 2.0), sheet(method, size, 52.0));
                println!("{method} on {size} x {size}: {short} in 4 steps, {long} in 104");
                long <= short
            });
            assert!(undisturbed, "{method} on {size} x {size} cells");
        }
    })
    .unwrap();
}
