//! Provenance: with what, from what, where and when the archive was made. Nothing is from memory: the
//! build script records the build, the rest is asked of the machine when the run starts.

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What made an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The command line, as one text.
    pub command_line: String,
    /// The card of the scheme, as text.
    pub scheme: String,
    /// When the run started: UTC, RFC 3339.
    pub start: String,
    /// The name of the machine.
    pub host: String,
}

/// The program as one word: version and revision. Numbers of two builds may differ.
///
/// The revision does not know a model of somebody else's program, nor changes that are not committed:
/// there the program is known by its digest as well.
pub fn build() -> String {
    let revision = env!("NULLCLINE_GIT_REVISION");
    let known = revision != "unknown" && !revision.ends_with("-dirty");
    match digest() {
        Some(digest) if !known || program() != LIBRARY => format!("{VERSION}-{revision}-{digest}"),
        _ => format!("{VERSION}-{revision}"),
    }
}

/// The first half of the SHA-256 of the file that this process runs, where it can be read.
fn digest() -> Option<&'static str> {
    static DIGEST: OnceLock<Option<String>> = OnceLock::new();
    let digest = DIGEST.get_or_init(|| {
        let mut hasher = Sha256::new();
        let mut file = File::open(std::env::current_exe().ok()?).ok()?;
        std::io::copy(&mut file, &mut hasher).ok()?;
        let half = hasher.finalize().into_iter().take(16);
        Some(half.map(|byte| format!("{byte:02x}")).collect())
    });
    digest.as_deref()
}

/// The name of the program of this library; others are built on it.
pub const LIBRARY: &str = "nullcline";

/// The name under which this process was called, without folders.
pub fn program() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let called = std::env::args_os().next().unwrap_or_default();
        let file = Path::new(&called)
            .file_name()
            .and_then(|name| name.to_str());
        let name = file.map(|name| {
            name.strip_suffix(std::env::consts::EXE_SUFFIX)
                .unwrap_or(name)
        });
        name.filter(|name| !name.is_empty())
            .unwrap_or(LIBRARY)
            .to_string()
    })
}

impl Provenance {
    /// Provenance of a run that starts now.
    pub fn now(command_line: &str, scheme: String) -> Self {
        Self {
            command_line: command_line.into(),
            scheme,
            start: utc(),
            host: host(),
        }
    }

    /// The texts under `/provenance`: name, text, meaning. `end` is written when there is one.
    pub(super) fn texts(&self) -> [(&'static str, String, &'static str); 12] {
        let (major, minor, patch) = hdf5::library_version();
        [
            ("version", VERSION.into(), "version of nullcline"),
            (
                "git_revision",
                env!("NULLCLINE_GIT_REVISION").into(),
                "git revision of the build",
            ),
            (
                "rustc",
                env!("NULLCLINE_RUSTC").into(),
                "compiler of the build",
            ),
            (
                "target",
                env!("NULLCLINE_TARGET").into(),
                "target of the build",
            ),
            (
                "features",
                env!("NULLCLINE_FEATURES").into(),
                "features of the build",
            ),
            (
                "hdf5",
                format!("{major}.{minor}.{patch}"),
                "version of the HDF5 library",
            ),
            (
                "command_line",
                self.command_line.clone(),
                "command line of the run",
            ),
            ("host", self.host.clone(), "name of the machine"),
            ("start", self.start.clone(), "start of the run, UTC"),
            ("end", String::new(), "end of the run, UTC"),
            ("rng", RNG.into(), "random number generators"),
            ("scheme", self.scheme.clone(), "card of the scheme"),
        ]
    }
}

const RNG: &str = "noise: Philox4x32-10 by the run's key, channel and cell, Box-Muller; arrays: ChaCha8, keyed by SHA-256 of the seed and the path of what is drawn";

/// The time now: UTC, RFC 3339, whole seconds.
pub(super) fn utc() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole.format(&Rfc3339).unwrap_or_else(|_| "unknown".into())
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| {
            let output = std::process::Command::new("hostname").output().ok()?;
            String::from_utf8(output.stdout).ok()
        })
        .map(|name| name.trim().to_string())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}
