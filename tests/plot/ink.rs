//! Lines of a bitmap: where they have ink, held to the lines of the vector file.

use std::path::Path;

use nullcline::archive::Reader;
use nullcline::plot::{self, Kind, Picture, Request};

use super::{experiments, request, run};

const NOISE: &str = r#"
[model]
family = "equations"
[model.state.x]
drift = "-x"
diffusion = "1"
[initial]
x = 0.0
[time]
stop = 2000.0
save = 0.5
[solver]
method = "sra1"
step = 0.05
"#;

const BURSTS: &str = r#"
title = "Hindmarsh-Rose"
[model]
family = "equations"
[model.parameters]
I = 3.0
r = 0.006
s = 4.0
xr = -1.6
[model.state.x]
drift = "y - x^3 + 3*x^2 - z + I"
[model.state.y]
drift = "1 - 5*x^2 - y"
[model.state.z]
drift = "r*(s*(x - xr) - z)"
[initial]
x = -1.6
y = -10.0
z = 2.0
[time]
stop = 2000.0
save = 0.1
"#;

const SEIZURES: &str = r#"
[model]
family = "chloride-network"
[model.parameters]
leak_potential = -57.5
[time]
stop = 25000.0
save = 2.0
[[stimulus]]
channel = "current"
amplitude = 200.0
from = 2000.0
to = 5000.0
cells = [50, 73]
[record]
variables = []
[[record.group]]
name = "centre"
observables = ["lfp", "rate"]
variables = ["chloride"]
every = 2.0
select = { cell = 62 }
[sweep]
mode = "zip"
[sweep.axes]
"model.parameters.chloride_fraction" = [0.12, 0.16, 0.22]
"model.parameters.excitatory_strength" = [110.0, 100.0, 100.0]
"#;

/// Two noisy lines whose places hardly differ: the second one is dashed.
const DASHED: &str = r#"
[model]
family = "equations"
[model.state.x]
size = 2
drift = "-x[i] + 40*sin(17*t)"
[initial]
x = 0.0
[time]
stop = 400.0
save = 0.25
"#;

/// A path that turns in needles.
const NEEDLES: &str = r#"
[model]
family = "equations"
[model.state.v]
drift = "-9*v"
diffusion = "3"
[model.state.w]
drift = "-9*(w - v)"
[initial]
v = 0.0
w = 0.0
[time]
stop = 300.0
save = 0.1
[solver]
method = "sra1"
step = 0.02
"#;

/// A picture as pixels: width and bytes of red, green and blue.
fn pixels(path: &Path) -> (usize, Vec<u8>) {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    bytes.truncate(frame.buffer_size());
    (frame.width as usize, bytes)
}

/// A line of an SVG: its points, the width of its stroke, and whether it has a color rather than a grey.
struct Stroke {
    points: Vec<(f64, f64)>,
    width: f64,
    colored: bool,
}

fn attribute<'t>(element: &'t str, name: &str) -> &'t str {
    let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// How far the channels of a color are apart: nothing for a grey.
fn hue(color: &[u8]) -> u8 {
    color.iter().max().unwrap() - color.iter().min().unwrap()
}

fn strokes(svg: &str) -> Vec<Stroke> {
    let lines = svg.split("<polyline").skip(1).map(|rest| {
        let element = rest.split("/>").next().unwrap();
        let color = &attribute(element, "stroke")[1..];
        let channel = |at: usize| u8::from_str_radix(&color[at..at + 2], 16).unwrap();
        let pairs = attribute(element, "points").split_whitespace();
        let point = |pair: &str| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        Stroke {
            points: pairs.map(point).collect(),
            width: attribute(element, "stroke-width").parse().unwrap(),
            colored: hue(&[channel(0), channel(2), channel(4)]) > 0,
        }
    });
    lines.collect()
}

/// The least and the greatest height of a part of a line between two places across.
fn between(pair: &[(f64, f64)], from: f64, to: f64) -> Option<(f64, f64)> {
    let (a, b) = match pair[0].0 <= pair[1].0 {
        true => (pair[0], pair[1]),
        false => (pair[1], pair[0]),
    };
    if b.0 < from || a.0 > to {
        return None;
    }
    let at = |x: f64| match b.0 - a.0 {
        0.0 => None,
        run => Some(a.1 + (b.1 - a.1) * (x.clamp(a.0, b.0) - a.0) / run),
    };
    let (one, other) = (at(from).unwrap_or(a.1), at(to).unwrap_or(b.1));
    Some((one.min(other), one.max(other)))
}

/// The bitmap shows the lines of the vector file and nothing else: in no column of pixels they reach farther than the
/// data and half the width of a line, nor less far, and no line leaves the frame.
fn lines_are_those_of_the_vector_file(reader: &Reader, asked: &Request) {
    let folder = tempfile::tempdir().unwrap();
    let Picture { series, kind } = plot::read(reader, asked).unwrap();
    let (svg, png) = (folder.path().join("x.svg"), folder.path().join("x.png"));
    plot::save(&series, kind, &svg).unwrap();
    plot::save(&series, kind, &png).unwrap();
    let svg = std::fs::read_to_string(svg).unwrap();
    let strokes = strokes(&svg);
    let frame = strokes.iter().find(|one| one.points.len() == 5).unwrap();
    let edge = |pick: fn((f64, f64)) -> f64, choose: fn(f64, f64) -> f64| {
        frame
            .points
            .iter()
            .map(|&p| pick(p))
            .reduce(choose)
            .unwrap()
    };
    let (left, right) = (edge(|p| p.0, f64::min), edge(|p| p.0, f64::max));
    let (top, bottom) = (edge(|p| p.1, f64::min), edge(|p| p.1, f64::max));
    let discs: Vec<(f64, f64, f64)> = svg
        .split("<circle")
        .skip(1)
        .map(|element| {
            let number = |name: &str| attribute(element, name).parse::<f64>().unwrap();
            (number("cx"), number("cy"), number("r"))
        })
        .collect();
    let (width, bytes) = pixels(&png);
    let height = bytes.len() / 3 / width;
    let is_colored = |x: usize, y: usize| hue(&bytes[3 * (y * width + x)..][..3]) > 8;
    // The legend and the bar of colors stand to the right.
    let columns = 0..((right + 40.0) / 2.0) as usize;
    let mut compared = 0;
    for x in columns {
        let colored: Vec<usize> = (0..height).filter(|&y| is_colored(x, y)).collect();
        let dot = 2.0 * x as f64;
        let within = dot + 1.0 >= left && dot <= right + 1.0;
        let disc = discs
            .iter()
            .filter(|disc| (disc.0 - dot).abs() <= disc.2 + 2.0);
        let disc: Vec<_> = disc.map(|&(_, y, r)| (y - r - 2.0, y + r + 2.0)).collect();
        let mut most: Option<(f64, f64)> = None;
        let mut least: Option<(f64, f64)> = None;
        for stroke in strokes.iter().filter(|stroke| stroke.colored) {
            let reach = 0.5 * stroke.width + 2.0;
            for pair in stroke.points.windows(2) {
                let grown = |all: Option<(f64, f64)>, (low, high): (f64, f64)| match all {
                    None => Some((low, high)),
                    Some(all) => Some((all.0.min(low), all.1.max(high))),
                };
                if let Some((low, high)) = between(pair, dot - reach, dot + 1.0 + reach) {
                    most = grown(most, (low - reach, high + reach));
                }
                if let Some(all) = between(pair, dot, dot + 1.0) {
                    least = grown(least, all);
                }
            }
        }
        for &y in &colored {
            let dot = 2.0 * y as f64;
            if disc.iter().any(|(low, high)| (*low..=*high).contains(&dot)) {
                continue;
            }
            assert!(within, "a line leaves the frame at the pixel {x}, {y}");
            assert!(dot + 1.0 >= top && dot <= bottom + 1.0, "at {x}, {y}");
            let (low, high) = most.unwrap_or_else(|| panic!("no line is near {x}, {y}"));
            assert!(
                (low - 1.0..=high + 1.0).contains(&dot),
                "the column {x} is colored at {dot}, and its lines reach from {low} to {high}"
            );
        }
        // Over the edges of the frame its own lines are drawn.
        if let Some((low, high)) = least.filter(|_| dot > left + 4.0 && dot < right - 6.0) {
            let (first, last) = (colored.first(), colored.last());
            let (Some(&first), Some(&last)) = (first, last) else {
                panic!("the column {x} is empty, and its lines reach from {low} to {high}");
            };
            assert!(2.0 * first as f64 <= low + 2.0, "at {x}: {first} and {low}");
            assert!(2.0 * last as f64 >= high - 2.0, "at {x}: {last} and {high}");
            compared += 1;
        }
    }
    assert!(compared > 800, "{compared} columns were compared");
}

#[test]
fn the_lines_of_a_bitmap_reach_as_far_as_the_data_and_no_farther() {
    let folder = experiments::folder();
    let phase = Request {
        kind: Some(Kind::Phase),
        ..Request::default()
    };
    let second = Request {
        run: Some(1),
        ..request("lfp", &[])
    };
    for (name, text, asked) in [
        ("noise.h5", NOISE, request("x", &[])),
        ("bursts.h5", BURSTS, request("x", &[])),
        ("bursts-together.h5", BURSTS, phase.clone()),
        ("seizures.h5", SEIZURES, second),
        ("dashed.h5", DASHED, request("x", &[])),
        ("needles.h5", NEEDLES, phase),
    ] {
        let reader = run(folder.path(), name, text);
        lines_are_those_of_the_vector_file(&reader, &asked);
    }
}
