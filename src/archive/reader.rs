//! The reader: what is in an archive, finished or not.
//!
//! A finished archive reads as it is. In one that is being written, or whose writer was killed, only
//! journaled runs mean anything: the numbers of the others read as NaN. After an interrupt the file
//! itself says `interrupted` and holds NaN where the run did not come to.

use std::path::{Path, PathBuf};

use hdf5::types::{IntSize, TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, File, Group};

use super::error::{ArchiveError, reason};
use super::{scale, slab, text};

/// An open archive.
pub struct Reader {
    path: PathBuf,
    file: File,
    status: String,
    /// The lengths of the run dims.
    runs: Vec<usize>,
    /// For each run, whether its numbers mean nothing yet; empty if all of them mean something.
    pending: Vec<bool>,
}

/// A data set with numbers, or with the labels of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its path from the root, without a leading slash.
    pub name: String,
    /// The names of its dimensions.
    pub dims: Vec<String>,
    /// Their lengths.
    pub shape: Vec<usize>,
    /// Unit.
    pub units: String,
    /// Meaning.
    pub long_name: String,
    /// Whether it is the scale of a dimension.
    pub is_coordinate: bool,
    /// Whether its entries are the labels of a dimension, which [`Reader::coordinates`] reads.
    pub is_text: bool,
    /// The paths of the scales of its dimensions.
    scales: Vec<Option<String>>,
}

/// What stands along a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinates {
    /// Name of the dimension.
    pub name: String,
    /// The positions as numbers; counted from 0 where they have labels.
    pub values: Vec<f64>,
    /// The labels, if the positions have some.
    pub labels: Vec<String>,
    /// Unit of the numbers.
    pub units: String,
    /// Meaning.
    pub long_name: String,
}

impl Reader {
    /// Open an archive, `NAME.h5` or `NAME.h5.part`.
    ///
    /// # Errors
    /// If there is no such file, it is no HDF5 file, or it is not one of ours.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        if !path.exists() {
            let part = super::paths::Paths::new(path).part();
            return Err(ArchiveError::Missing {
                path: path.to_path_buf(),
                part: part.exists().then_some(part),
            });
        }
        let file = File::open(path).map_err(|error| not_open(path, &error))?;
        for attribute in ["schema", "family", "source"] {
            if file.attr(attribute).is_err() {
                return Err(ArchiveError::NotOurs {
                    path: path.to_path_buf(),
                    attribute,
                });
            }
        }
        let status = text::read_attribute(&file, "status").unwrap_or_else(|| "running".into());
        let mut reader = Self {
            path: path.to_path_buf(),
            file,
            status,
            runs: Vec::new(),
            pending: Vec::new(),
        };
        reader.find_pending()?;
        Ok(reader)
    }

    /// Which runs are not finished. What a single run had when it was interrupted is shown.
    fn find_pending(&mut self) -> Result<(), ArchiveError> {
        if self.is_of_analyses() {
            return Ok(());
        }
        let data_set = self.data_set("run_status")?;
        self.runs = data_set.shape();
        let shown = self.status == "interrupted" && self.runs.is_empty();
        if self.is_complete() || shown {
            return Ok(());
        }
        let codes = data_set.read_raw::<i8>();
        let codes = codes.map_err(|error| self.failed("run_status", &error))?;
        self.pending = codes.into_iter().map(|code| code == 0).collect();
        Ok(())
    }

    /// Whether this is the archive of analyses, which has no runs.
    pub fn is_of_analyses(&self) -> bool {
        self.file.group("analysis").is_ok() && !self.file.link_exists("run_status")
    }

    /// The names of the analyses; none in the archive of runs.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn analyses(&self) -> Result<Vec<String>, ArchiveError> {
        if !self.is_of_analyses() {
            return Ok(Vec::new());
        }
        let names = self
            .file
            .group("analysis")
            .and_then(|group| group.member_names());
        names.map_err(|error| self.failed("analysis", &error))
    }

    /// The lengths of the dimensions of runs: axes and members; empty for a single run.
    pub fn run_shape(&self) -> &[usize] {
        &self.runs
    }

    /// The number of runs.
    pub fn runs(&self) -> usize {
        self.runs.iter().product()
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `complete`, `interrupted`, or `running` (which it may be, or may have been when it was killed).
    pub fn status(&self) -> &str {
        &self.status
    }

    /// Whether all of it is there.
    pub fn is_complete(&self) -> bool {
        self.status == "complete"
    }

    /// A text attribute of the file: `title`, `family`, `dynamics`, `created`, ...
    pub fn attribute(&self, name: &str) -> Option<String> {
        text::read_attribute(&self.file, name)
    }

    /// Every data set with numbers at the root: coordinates, states, observables, summaries, runs.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn variables(&self) -> Result<Vec<Variable>, ArchiveError> {
        self.variables_in("/")
    }

    /// Every data set with numbers in a group: `health`, `parameters`, `provenance`.
    ///
    /// # Errors
    /// If there is no such group, or the file is damaged.
    pub fn variables_in(&self, group: &str) -> Result<Vec<Variable>, ArchiveError> {
        let mut found = Vec::new();
        for data_set in self.data_sets(group)? {
            if !is_text(&data_set) || is_scale(&data_set) {
                found.push(self.describe(&data_set));
            }
        }
        Ok(found)
    }

    /// Every data set of the archive, texts included, in the order of their paths; those in the groups
    /// `without` are left out.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn everything(&self, without: &[&str]) -> Result<Vec<Variable>, ArchiveError> {
        let mut found = Vec::new();
        let mut groups = vec![String::new()];
        while let Some(group) = groups.pop() {
            let path = if group.is_empty() { "/" } else { &group };
            for data_set in self.data_sets(path)? {
                found.push(self.describe(&data_set));
            }
            let below = self.file.group(path).and_then(|group| group.groups());
            for below in below.map_err(|error| self.failed(path, &error))? {
                let name = below.name().trim_start_matches('/').to_string();
                if !without.contains(&name.as_str()) {
                    groups.push(name);
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// All texts of a data set, row-major.
    ///
    /// # Errors
    /// If there is none of that name, or it holds no texts.
    pub fn labels(&self, name: &str) -> Result<Vec<String>, ArchiveError> {
        let data_set = self.data_set(name)?;
        if data_set.is_scalar() {
            return Ok(vec![self.text(name)?]);
        }
        let labels = data_set.read_raw::<VarLenUnicode>();
        let labels = labels.map_err(|error| self.failed(name, &error))?;
        Ok(labels.iter().map(|l| l.as_str().to_string()).collect())
    }

    /// As [`read_block`](Reader::read_block) without rounding, if the data set holds whole numbers
    /// of 64 bits, not all of which are numbers of `f64`.
    ///
    /// # Errors
    /// As [`read_block`](Reader::read_block).
    pub fn read_whole(
        &self,
        name: &str,
        start: &[usize],
        count: &[usize],
    ) -> Result<Option<Vec<i128>>, ArchiveError> {
        let data_set = self.data_set(name)?;
        let kind = data_set.dtype().and_then(|dtype| dtype.to_descriptor());
        let whole = match kind {
            Ok(TypeDescriptor::Unsigned(IntSize::U8)) => slab::read::<u64>(&data_set, start, count)
                .map(|block| block.into_iter().map(i128::from).collect()),
            Ok(TypeDescriptor::Integer(IntSize::U8)) => slab::read::<i64>(&data_set, start, count)
                .map(|block| block.into_iter().map(i128::from).collect()),
            _ => return Ok(None),
        };
        whole.map(Some).map_err(|error| self.failed(name, &error))
    }

    /// Where an entry of a variable stands: for each dimension its name and what stands there.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn place(
        &self,
        variable: &Variable,
        position: &[usize],
    ) -> Result<Vec<(String, String)>, ArchiveError> {
        let dims = variable.dims.iter().zip(&variable.scales);
        dims.zip(position)
            .map(|((name, scale), &position)| {
                let there = match scale.as_deref() {
                    None => position.to_string(),
                    Some(path) if is_text(&self.data_set(path)?) => self
                        .labels(path)?
                        .get(position)
                        .cloned()
                        .unwrap_or_default(),
                    Some(path) => match self.read_block(path, &[position], &[1])?[..] {
                        [coordinate] => coordinate.to_string(),
                        _ => position.to_string(),
                    },
                };
                Ok((name.clone(), there))
            })
            .collect()
    }

    /// One data set with numbers, by its path from the root.
    ///
    /// # Errors
    /// If there is none of that name; the error has the nearest one.
    pub fn variable(&self, name: &str) -> Result<Variable, ArchiveError> {
        Ok(self.describe(&self.data_set(name)?))
    }

    /// All numbers of a data set, row-major, last dimension fastest.
    ///
    /// # Errors
    /// If there is none of that name, or it holds no numbers.
    pub fn read(&self, name: &str) -> Result<Vec<f64>, ArchiveError> {
        let shape = self.data_set(name)?.shape();
        self.read_block(name, &vec![0; shape.len()], &shape)
    }

    /// Whether a data set holds texts, as the axis of a sweep over names does.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn holds_texts(&self, name: &str) -> Result<bool, ArchiveError> {
        Ok(is_text(&self.data_set(name)?))
    }

    /// The block of `count` numbers along each dimension that begins at `start`.
    ///
    /// # Errors
    /// If there is none of that name, it holds no numbers, or it has no such block.
    pub fn read_block(
        &self,
        name: &str,
        start: &[usize],
        count: &[usize],
    ) -> Result<Vec<f64>, ArchiveError> {
        let data_set = self.data_set(name)?;
        let numbers = slab::read::<f64>(&data_set, start, count)
            .map_err(|error| self.failed(name, &error))?;
        if self.pending.is_empty() || !filled_by_runs(name, &data_set) {
            return Ok(numbers);
        }
        Ok(self.masked(numbers, &data_set.shape(), start, count))
    }

    /// A block with NaN for the numbers of runs that are not finished.
    fn masked(
        &self,
        mut numbers: Vec<f64>,
        shape: &[usize],
        start: &[usize],
        count: &[usize],
    ) -> Vec<f64> {
        let dims = self.runs.len();
        if !shape.starts_with(&self.runs) {
            // A statistic over members, which is worked out at the end.
            numbers.fill(f64::NAN);
            return numbers;
        }
        let each: usize = count[dims..].iter().product();
        for (place, numbers) in numbers.chunks_mut(each.max(1)).enumerate() {
            let mut rest = place;
            let mut slot = 0;
            let mut stride = 1;
            for dim in (0..dims).rev() {
                slot += (start[dim] + rest % count[dim]) * stride;
                rest /= count[dim];
                stride *= self.runs[dim];
            }
            if self.pending[slot] {
                numbers.fill(f64::NAN);
            }
        }
        numbers
    }

    /// The names of the variables beside a variable that say where its positions are: its attribute `coordinates`.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn coordinates_named(&self, name: &str) -> Result<Vec<String>, ArchiveError> {
        let data_set = self.data_set(name)?;
        let named = text::read_attribute(&data_set, "coordinates").unwrap_or_default();
        Ok(named.split_whitespace().map(String::from).collect())
    }

    /// What stands along each dimension of a variable; positions where a dimension has no scale.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn coordinates(&self, variable: &Variable) -> Result<Vec<Coordinates>, ArchiveError> {
        let dims = variable.dims.iter().zip(&variable.shape);
        dims.zip(&variable.scales)
            .map(|((name, &length), scale)| self.along(name, length, scale.as_deref()))
            .collect()
    }

    fn along(
        &self,
        name: &str,
        length: usize,
        scale: Option<&str>,
    ) -> Result<Coordinates, ArchiveError> {
        let mut coordinates = Coordinates {
            name: name.into(),
            values: (0..length).map(|position| position as f64).collect(),
            labels: Vec::new(),
            units: "1".into(),
            long_name: name.into(),
        };
        let Some(path) = scale else {
            return Ok(coordinates);
        };
        let scale = self.data_set(path)?;
        if is_text(&scale) {
            let labels = scale
                .read_raw::<VarLenUnicode>()
                .map_err(|error| self.failed(path, &error))?;
            coordinates.labels = labels.iter().map(|l| l.as_str().to_string()).collect();
        } else {
            coordinates.values = self.read(path)?;
        }
        let described = self.describe(&scale);
        coordinates.units = described.units;
        coordinates.long_name = described.long_name;
        Ok(coordinates)
    }

    /// The path in the experiment file of an axis of a sweep; `None` if it is none.
    pub fn axis_path(&self, name: &str) -> Option<String> {
        let data_set = self.file.dataset(name).ok()?;
        text::read_attribute(&data_set, "path")
    }

    /// The axes that are coordinates along a dimension of runs (`sample`, `run`), in the order of the
    /// file.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn axes_on(&self, dim: &str) -> Result<Vec<Variable>, ArchiveError> {
        let mut found = self.variables()?;
        found.retain(|one| {
            one.dims.first().is_some_and(|first| first == dim)
                && self.axis_path(&one.name).is_some()
        });
        Ok(found)
    }

    /// A text by its path from the root: `config/source`, `config/resolved`, `health/diagnosis`, ...
    ///
    /// # Errors
    /// If there is none of that name, or it is no text.
    pub fn text(&self, name: &str) -> Result<String, ArchiveError> {
        text::read(&self.data_set(name)?).map_err(|error| self.failed(name, &error))
    }

    /// Every text in a group (`provenance`, `config`), by name.
    ///
    /// # Errors
    /// If there is no such group, or the file is damaged.
    pub fn texts(&self, group: &str) -> Result<Vec<(String, String)>, ArchiveError> {
        let mut found = Vec::new();
        for data_set in self.data_sets(group)? {
            if is_text(&data_set) && data_set.is_scalar() {
                let path = data_set.name();
                let text = text::read(&data_set).map_err(|error| self.failed(&path, &error))?;
                found.push((last(&path).to_string(), text));
            }
        }
        Ok(found)
    }

    /// The external inputs: name as the experiment says it, and bytes.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let mut found = Vec::new();
        for data_set in self.data_sets("config/files")? {
            if let Some(name) = text::read_attribute(&data_set, "name") {
                let bytes = data_set
                    .read_raw::<u8>()
                    .map_err(|error| self.failed(&name, &error))?;
                found.push((name, bytes));
            }
        }
        Ok(found)
    }

    /// The external inputs with their SHA-256: name, bytes, digest.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn files_with_digests(&self) -> Result<Vec<(String, Vec<u8>, String)>, ArchiveError> {
        let mut found = Vec::new();
        for data_set in self.data_sets("config/files")? {
            let Some(name) = text::read_attribute(&data_set, "name") else {
                continue;
            };
            let digest = text::read_attribute(&data_set, "sha256").unwrap_or_default();
            let bytes = data_set
                .read_raw::<u8>()
                .map_err(|error| self.failed(&name, &error))?;
            found.push((name, bytes, digest));
        }
        Ok(found)
    }

    /// Why runs failed: the index of each, and what happened. Of very many failures only the first ones
    /// are told.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn diagnoses(&self) -> Result<Vec<(u64, String)>, ArchiveError> {
        let text = self.text("health/diagnosis")?;
        if self.runs.is_empty() {
            let only = (!text.is_empty()).then_some((0, text));
            return Ok(only.into_iter().collect());
        }
        let line = |line: &str| {
            let (run, told) = line.strip_prefix("run ")?.split_once(": ")?;
            Some((run.parse().ok()?, told.to_string()))
        };
        Ok(text.lines().filter_map(line).collect())
    }

    /// What the numbers of a variable mean where they are codes counted from 0; empty if they are none.
    pub fn codes(&self, name: &str) -> Vec<String> {
        let Ok(data_set) = self.data_set(name) else {
            return Vec::new();
        };
        let values = data_set.attr("flag_values");
        let values = values.and_then(|values| values.read_raw::<i8>());
        let counted =
            values.is_ok_and(|values| (0..).zip(values).all(|(code, value)| code == value));
        let meanings = text::read_attribute(&data_set, "flag_meanings").filter(|_| counted);
        let meanings = meanings.unwrap_or_default();
        meanings.split_whitespace().map(String::from).collect()
    }

    /// How each run ended, in the words of `flag_meanings`.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn run_status(&self) -> Result<Vec<String>, ArchiveError> {
        if self.is_of_analyses() {
            return Ok(Vec::new());
        }
        let data_set = self.data_set("run_status")?;
        let meanings = text::read_attribute(&data_set, "flag_meanings").unwrap_or_default();
        let meanings: Vec<&str> = meanings.split(' ').collect();
        let codes = data_set
            .read_raw::<i8>()
            .map_err(|error| self.failed("run_status", &error))?;
        let status = |code: i8| {
            let place = usize::try_from(code).unwrap_or(usize::MAX);
            meanings
                .get(place)
                .copied()
                .unwrap_or("unknown")
                .to_string()
        };
        Ok(codes.into_iter().map(status).collect())
    }

    /// The first 64 bits of each run's key, exactly.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn run_seeds(&self) -> Result<Vec<u64>, ArchiveError> {
        self.data_set("run_seed")?
            .read_raw::<u64>()
            .map_err(|error| self.failed("run_seed", &error))
    }

    fn data_sets(&self, group: &str) -> Result<Vec<Dataset>, ArchiveError> {
        let found: Result<Vec<Dataset>, hdf5::Error> = self
            .file
            .group(group)
            .and_then(|group: Group| group.datasets());
        found.map_err(|error| self.failed(group, &error))
    }

    fn data_set(&self, name: &str) -> Result<Dataset, ArchiveError> {
        self.file.dataset(name).map_err(|_| ArchiveError::Unknown {
            path: self.path.clone(),
            name: name.into(),
            candidate: self.nearest(name),
        })
    }

    /// The variable at the root whose name is nearest to `name`.
    fn nearest(&self, name: &str) -> Option<String> {
        let names = self
            .variables()
            .ok()?
            .into_iter()
            .map(|variable| variable.name);
        names
            .map(|other| (strsim::jaro_winkler(name, &other), other))
            .filter(|(similarity, _)| *similarity > 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    }

    fn describe(&self, data_set: &Dataset) -> Variable {
        let name = data_set.name().trim_start_matches('/').to_string();
        let shape = data_set.shape();
        let is_coordinate = is_scale(data_set);
        let scales: Vec<Option<String>> = (0..shape.len())
            .map(|dimension| match is_coordinate {
                true => Some(name.clone()),
                false => scale::of(data_set, dimension),
            })
            .collect();
        let dims = scales.iter().enumerate().map(|(dimension, scale)| {
            scale
                .as_deref()
                .map_or_else(|| format!("dim_{dimension}"), |path| last(path).to_string())
        });
        Variable {
            dims: dims.collect(),
            shape,
            units: text::read_attribute(data_set, "units").unwrap_or_default(),
            long_name: text::read_attribute(data_set, "long_name").unwrap_or_default(),
            is_coordinate,
            is_text: is_text(data_set),
            scales,
            name,
        }
    }

    fn failed(&self, name: &str, error: &hdf5::Error) -> ArchiveError {
        ArchiveError::hdf5(format!("read `{name}` of"), &self.path, error)
    }
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_text(data_set: &Dataset) -> bool {
    let descriptor = data_set.dtype().and_then(|dtype| dtype.to_descriptor());
    matches!(
        descriptor,
        Ok(TypeDescriptor::VarLenUnicode
            | TypeDescriptor::VarLenAscii
            | TypeDescriptor::FixedAscii(_)
            | TypeDescriptor::FixedUnicode(_))
    )
}

fn is_scale(data_set: &Dataset) -> bool {
    data_set.attr("CLASS").is_ok()
}

/// Whether a data set holds what runs give, not what they are made from.
fn filled_by_runs(name: &str, data_set: &Dataset) -> bool {
    let name = name.trim_start_matches('/');
    let given = name.starts_with("parameters/") || name.starts_with("config/");
    !given && !is_scale(data_set)
}

fn not_open(path: &Path, error: &hdf5::Error) -> ArchiveError {
    let reason = reason(error);
    // HDF5 locks a file that it writes, and the system says so in these words.
    if error.to_string().contains("lock") || reason.contains("temporarily unavailable") {
        return ArchiveError::Locked(path.to_path_buf());
    }
    ArchiveError::NotHdf5 {
        path: path.to_path_buf(),
        reason,
    }
}
