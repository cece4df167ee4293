//! Equilibria as a family's own solver gives them: the states, what is known of each, and whether the
//! list is proved to be complete.
//!
//! A solver that knows the linear piece of the drift around an equilibrium gives the eigenvalues of its
//! Jacobian; otherwise they are worked out by whoever asked, from the Jacobian of the system.

/// One equilibrium.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Equilibrium {
    /// The state.
    pub x: Vec<f64>,
    /// The eigenvalues (real part, imaginary part) of the Jacobian, if the solver knows them.
    pub eigenvalues: Option<Vec<(f64, f64)>>,
    /// Of a piecewise-defined drift: for each component -1 at its floor, +1 at its ceiling, else 0.
    pub active: Option<Vec<i8>>,
    /// Whether it lies on a kink of the drift, where one Jacobian does not tell its stability.
    pub on_kink: bool,
}

/// All equilibria that were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Equilibria {
    /// The equilibria, ascending by their components.
    pub list: Vec<Equilibrium>,
    /// Whether there is proof that there are no others.
    pub complete: bool,
    /// How that is known, or why it is not.
    pub reason: String,
}

impl Equilibria {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The states.
    pub fn states(&self) -> impl Iterator<Item = &[f64]> {
        self.list.iter().map(|one| one.x.as_slice())
    }

    /// Sort the list by its components, the first one first.
    pub fn sort(&mut self) {
        let order = |a: &Equilibrium, b: &Equilibrium| {
            let pairs = a.x.iter().zip(&b.x);
            let mut orders = pairs.map(|(a, b)| a.total_cmp(b));
            let differs = orders.find(|order| order.is_ne());
            differs.unwrap_or(std::cmp::Ordering::Equal)
        };
        self.list.sort_by(order);
    }
}
