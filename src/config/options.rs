//! Options: every key of the file outside the model's own, declared once. The decoder, the messages,
//! the JSON Schema and the resolved text all read these tables.

use super::axis::Mode;
use crate::system::parameters::{Fallback, Parameter, Range};

/// Keys at the root of the file.
pub(super) const ROOT: &[Parameter] = &[
    Parameter::text("title")
        .fallback(Fallback::Text(""))
        .meaning("what the experiment is, for people"),
    Parameter::integer("seed")
        .fallback(Fallback::Integer(0))
        .range(Range::closed(0.0, i64::MAX as f64))
        .meaning("the one seed from which every random choice derives"),
];

/// `[model]`, besides the family's own sections.
pub(super) const MODEL: &[Parameter] = &[
    Parameter::text("family").meaning("the model family; `nullcline models` lists them"),
    Parameter::text("dynamics")
        .fallback(Fallback::Absent)
        .meaning("the family's variant; the first one by default"),
    Parameter::tree("parameters")
        .fallback(Fallback::Absent)
        .meaning("the model's parameters; `nullcline describe FAMILY` lists them"),
];

/// `[time]`.
pub(super) const TIME: &[Parameter] = &[
    Parameter::real("start").or(0.0).meaning("first instant"),
    Parameter::real("stop").meaning("last instant"),
    Parameter::tree("save").fallback(Fallback::Absent).meaning(
        "sampling interval, list of times, or \"steps\"; a thousandth of the span by default",
    ),
    Parameter::tree("stops").fallback(Fallback::Absent).meaning(
        "instants on which steps land, in any order: where the drift changes faster than the steps would see",
    ),
];

/// `[steps]`.
pub(super) const STEPS: &[Parameter] = &[
    Parameter::integer("count")
        .range(Range::closed(1.0, 1e15))
        .meaning("how many steps the map makes"),
    Parameter::tree("save").fallback(Fallback::Absent).meaning(
        "every so many steps, or a list of steps; as many as give a thousand samples by default",
    ),
];

/// `[trials]`, besides the family's own columns.
pub(super) const TRIALS: &[Parameter] = &[
    Parameter::text("file")
        .fallback(Fallback::Absent)
        .meaning("a .csv file with the columns by name, a trial a line"),
    Parameter::tree("design")
        .fallback(Fallback::Absent)
        .meaning(
            "all ordered tuples of levels: { levels = [..], repeats = 10 } and the further columns",
        ),
    Parameter::tree("ignore")
        .fallback(Fallback::Absent)
        .meaning("columns of the file that are left alone"),
];

/// `trials.design`, besides the family's own columns.
pub(super) const DESIGN: &[Parameter] = &[
    Parameter::tree("levels").meaning("the levels that are crossed"),
    Parameter::integer("repeats")
        .fallback(Fallback::Integer(1))
        .range(Range::closed(1.0, 1e9))
        .meaning("how often the whole set comes"),
];

/// `[solver]`.
pub(super) const SOLVER: &[Parameter] = &[
    Parameter::text("method")
        .fallback(Fallback::Absent)
        .meaning("the scheme; what the model recommends by default"),
    Parameter::real("rtol")
        .or(1e-6)
        .range(Range {
            upper: 1.0,
            ..Range::POSITIVE
        })
        .meaning("relative tolerance of adaptive schemes; 1e-3 by default for those with noise"),
    Parameter::tree("atol")
        .fallback(Fallback::Real(1e-9))
        .range(Range::POSITIVE)
        .meaning(
            "absolute tolerance of adaptive schemes: a number, or a table of them by block; 1e-3 by default for those with noise",
        ),
    Parameter::real("step")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("the step of fixed-step schemes"),
    Parameter::real("max_step")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("the longest step of adaptive schemes; no bound by default"),
    Parameter::real("first_step")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("the first step that adaptive schemes try; chosen by the scheme by default"),
    Parameter::integer("max_steps")
        .fallback(Fallback::Integer(1_000_000))
        .range(Range::closed(1.0, i64::MAX as f64))
        .meaning("the budget of steps, rejected ones included"),
    Parameter::choice("kinks", &["locate", "ignore"])
        .fallback(Fallback::Text("locate"))
        .meaning("whether adaptive schemes step to the kinks of the field"),
];

/// `[noise]`.
pub(super) const NOISE: &[Parameter] = &[Parameter::real("cell")
    .fallback(Fallback::Absent)
    .range(Range::POSITIVE)
    .meaning(
        "the length of the cells of the Brownian path; `solver.step` by default, a sixteenth of the sampling interval with error \
         control",
    )];

/// `[[stimulus]]`.
pub(super) const STIMULUS: &[Parameter] = &[
    Parameter::text("channel").meaning("the model's channel on which it acts"),
    Parameter::choice("shape", SHAPES)
        .fallback(Fallback::Text("constant"))
        .meaning("its course in time"),
    Parameter::real("amplitude")
        .fallback(Fallback::Absent)
        .meaning("the factor of the shape; 1 by default for `file`, else required"),
    Parameter::real("from")
        .fallback(Fallback::Absent)
        .meaning("it acts after this time; `time.start` by default"),
    Parameter::real("to")
        .or(f64::INFINITY)
        .range(Range {
            infinite: true,
            ..Range::FINITE
        })
        .meaning("it acts up to this time, included"),
    Parameter::real("frequency")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("sine and pulses: cycles per unit of time"),
    Parameter::real("phase")
        .or(0.0)
        .unit("rad")
        .meaning("sine and pulses: the phase at `from`"),
    Parameter::real("width")
        .fallback(Fallback::Absent)
        .range(Range::POSITIVE)
        .meaning("pulses: the duration of one; half the period by default"),
    Parameter::text("file")
        .fallback(Fallback::Absent)
        .meaning("file: a .csv, .npy or HDF5 data set with two columns, time and value"),
    Parameter::tree("cells")
        .fallback(Fallback::Absent)
        .meaning("first and last cell, from 0, both included"),
    Parameter::tree("center")
        .fallback(Fallback::Absent)
        .meaning("with `radius`: the centre of a disc, in the model's coordinates"),
    Parameter::real("radius")
        .fallback(Fallback::Absent)
        .range(Range::NON_NEGATIVE)
        .meaning("with `center`: the radius of the disc"),
    Parameter::boolean("everywhere")
        .fallback(Fallback::Absent)
        .meaning("whether it acts on every cell, which is the default"),
];

/// The shapes of stimuli.
pub(super) const SHAPES: &[&str] = &["constant", "sine", "ramp", "pulses", "file"];

/// The options that only some shapes use.
pub(super) const SHAPE_OPTIONS: &[(&str, &[&str])] = &[
    ("frequency", &["sine", "pulses"]),
    ("phase", &["sine", "pulses"]),
    ("width", &["pulses"]),
    ("file", &["file"]),
];

/// `[record]`.
pub(super) const RECORD: &[Parameter] = &[
    Parameter::tree("variables")
        .fallback(Fallback::Absent)
        .meaning("state blocks to record; all of them by default"),
    Parameter::tree("observables")
        .fallback(Fallback::Absent)
        .meaning("observables to record; none by default"),
    Parameter::tree("summaries")
        .fallback(Fallback::Absent)
        .meaning("summaries of what is recorded, such as \"mean\"; none by default"),
    Parameter::boolean("trajectories")
        .fallback(Fallback::Boolean(true))
        .meaning("whether the samples are stored, or only their summaries"),
    Parameter::tree("group")
        .fallback(Fallback::Absent)
        .meaning("[[record.group]]: more, at its own pace and place"),
];

/// `[[record.group]]`.
pub(super) const GROUP: &[Parameter] = &[
    Parameter::text("name").meaning("the group's name; its dimension is time_<name>"),
    Parameter::tree("variables")
        .fallback(Fallback::Absent)
        .meaning("state blocks to record; none by default"),
    Parameter::tree("observables")
        .fallback(Fallback::Absent)
        .meaning("observables to record; none by default"),
    Parameter::tree("every")
        .fallback(Fallback::Absent)
        .meaning("sampling interval, list of times, or \"steps\"; as `time.save` by default"),
    Parameter::tree("select")
        .fallback(Fallback::Absent)
        .meaning("by axis: one position, or the first and the last, from 0"),
    Parameter::choice("precision", &["f64", "f32"])
        .fallback(Fallback::Text("f64"))
        .meaning("how numbers are stored"),
];

/// `[sweep]`.
pub(super) const SWEEP: &[Parameter] = &[
    Parameter::choice("mode", Mode::NAMES)
        .fallback(Fallback::Text("grid"))
        .meaning("how the axes combine"),
    Parameter::integer("samples")
        .fallback(Fallback::Absent)
        .range(Range::closed(1.0, i64::MAX as f64))
        .meaning("random and sobol sweeps: the number of samples"),
    Parameter::tree("axes").meaning("[sweep.axes]: a path of the file in quotes = its values"),
];

/// One axis of `[sweep.axes]`, written as a table.
pub(super) const AXIS: &[Parameter] = &[
    Parameter::text("name")
        .fallback(Fallback::Absent)
        .meaning("the name of the dimension; the last part of the path by default"),
    Parameter::real("from")
        .fallback(Fallback::Absent)
        .meaning("the first value"),
    Parameter::real("to")
        .fallback(Fallback::Absent)
        .meaning("the last value"),
    Parameter::integer("count")
        .fallback(Fallback::Absent)
        .range(Range::closed(1.0, 1e15))
        .meaning("the number of values from the first to the last"),
    Parameter::choice("scale", &["linear", "log"])
        .fallback(Fallback::Absent)
        .meaning("whether the values are equidistant, or so in the logarithm"),
    Parameter::tree("values")
        .fallback(Fallback::Absent)
        .meaning("a list of values"),
    Parameter::tree("files")
        .fallback(Fallback::Absent)
        .meaning("a list of files, each with the numbers of one value"),
];

/// `[ensemble]`.
pub(super) const ENSEMBLE: &[Parameter] = &[
    Parameter::integer("members")
        .range(Range::closed(1.0, 1e15))
        .meaning("the number of members; each has its own draws of the initial state"),
    Parameter::tree("statistics")
        .fallback(Fallback::Absent)
        .meaning(
            "over the members: \"mean\", \"variance\", \"standard_error\"; all of them by default",
        ),
    Parameter::tree("quantiles")
        .fallback(Fallback::Absent)
        .meaning("over the members: probabilities between 0 and 1; none by default"),
    Parameter::choice("noise", &["independent", "common"])
        .fallback(Fallback::Text("independent"))
        .meaning("whether each member has noise of its own, or all have the same"),
    Parameter::boolean("keep")
        .fallback(Fallback::Boolean(true))
        .meaning("whether the members' own numbers are stored, or only their statistics"),
];

/// `[fit]`.
pub(super) const FIT: &[Parameter] = &[
    Parameter::tree("free").fallback(Fallback::Absent).meaning(
        "what is fitted, with bounds: { prior_mean = [0, 1] }; what the family says by default",
    ),
    Parameter::choice("by", &["subject"])
        .fallback(Fallback::Text("subject"))
        .meaning("whose parameters are fitted: each subject's own"),
    Parameter::integer("starts")
        .fallback(Fallback::Integer(3))
        .range(Range::closed(1.0, 1000.0))
        .meaning("from how many points the search starts"),
    Parameter::integer("bootstrap")
        .fallback(Fallback::Integer(0))
        .range(Range::closed(0.0, 1e6))
        .meaning("how many data sets are drawn from the fitted model for errors and quantiles"),
    Parameter::tree("variants").fallback(Fallback::Absent).meaning(
        "what the fit is compared with: { no_effect = { w = 1.0 }, stored = { decision = \"stored\" } }",
    ),
];

/// `[optimize]`.
pub(super) const OPTIMIZE: &[Parameter] = &[
    Parameter::integer("restarts")
        .fallback(Fallback::Integer(10))
        .range(Range::closed(1.0, 1e6))
        .meaning("from how many random points the search starts"),
    Parameter::integer("iterations")
        .fallback(Fallback::Integer(500))
        .range(Range::closed(1.0, 1e9))
        .meaning("how many iterations a search may take in each of its stages"),
    Parameter::real("tolerance")
        .or(1e-9)
        .range(Range::POSITIVE)
        .meaning("a search ends where the gradient is shorter"),
];

/// `[output]`.
pub(super) const OUTPUT: &[Parameter] = &[
    Parameter::text("path")
        .fallback(Fallback::Absent)
        .meaning("the archive; the config's name with .h5, beside it, by default"),
    Parameter::integer("compression")
        .fallback(Fallback::Integer(0))
        .range(Range::closed(0.0, 9.0))
        .meaning("deflate level, 0 for none"),
    Parameter::tree("checkpoint").fallback(Fallback::Absent).meaning(
        "how often a long run is made safe: an interval of simulated time, { steps = N }, or false",
    ),
];

/// The tables of the file that this version decodes, with their options; `true` marks an array of tables.
pub(super) const SECTIONS: &[(&str, &[Parameter], bool)] = &[
    ("model", MODEL, false),
    ("time", TIME, false),
    ("steps", STEPS, false),
    ("trials", TRIALS, false),
    ("solver", SOLVER, false),
    ("stimulus", STIMULUS, true),
    ("noise", NOISE, false),
    ("record", RECORD, false),
    ("ensemble", ENSEMBLE, false),
    ("sweep", SWEEP, false),
    ("fit", FIT, false),
    ("optimize", OPTIMIZE, false),
    ("output", OUTPUT, false),
];

/// What messages call the root of the file.
pub(super) const FILE: &str = "the file";
