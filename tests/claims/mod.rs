//! What the experiments of the family `chloride-network` promise.

use super::program::{Archive, array};

pub fn inhibition_is_three_times_excitation(archive: &Archive) {
    let (e, i) = (
        array(archive, "excitatory_conductance"),
        array(archive, "inhibitory_conductance"),
    );
    assert!(e.iter().zip(&i).all(|(e, i)| (i - 3.0 * e).abs() < 1e-9));
    let v = array(archive, "v");
    assert!((v[1000] + 45.05870757).abs() < 1e-6, "{}", v[1000]);
}

pub fn rest_is_left_beyond_its_border(archive: &Archive) {
    let (last, most) = (
        array(archive, "activity_final"),
        array(archive, "activity_max"),
    );
    // At 0.2 the population rests where the references say, at 0.3 a little higher; beyond the fold it is excited.
    assert!((last[0] - 0.0054112751).abs() < 1e-6, "{last:?}");
    assert!(most[..2].iter().all(|&most| most < 0.01), "{most:?}");
    assert!(most[6..].iter().all(|&most| most > 0.1), "{most:?}");
}

/// What the analysis of stages left.
fn stages(archive: &Archive, name: &str) -> Vec<f64> {
    array(archive, &format!("analysis/seizure-stages/{name}"))
}

const NONE: f64 = 0.0;
const CLONIC: f64 = 1.0;
const MIXED: f64 = 2.0;
const TONIC_CLONIC: f64 = 3.0;

pub fn the_stages_follow_the_fraction(archive: &Archive) {
    let expected = [
        NONE,
        CLONIC,
        CLONIC,
        MIXED,
        MIXED,
        TONIC_CLONIC,
        TONIC_CLONIC,
    ];
    assert_eq!(stages(archive, "stage"), expected);
    let chloride = stages(archive, "peak_chloride");
    assert!(
        chloride.windows(2).all(|two| two[0] < two[1]),
        "{chloride:?}"
    );
    let (tonic, clonic) = (
        stages(archive, "lfp_swing_tonic"),
        stages(archive, "lfp_swing_clonic"),
    );
    assert!(clonic[6] > 5.0 * tonic[6], "{clonic:?} {tonic:?}");
}

pub fn the_line_ignites_by_itself_at_high_fractions(archive: &Archive) {
    let when = array(archive, "recruited_first_passage");
    assert!(when[..3].iter().all(|when| when.is_nan()), "{when:?}");
    for (when, printed) in when[3..].iter().zip([11_879.0, 5121.0, 3442.0]) {
        assert!((when - printed).abs() < 20.0, "{when} {printed}");
    }
}

pub fn excitation_enlarges_the_tonic_region(archive: &Archive) {
    let found = stages(archive, "stage");
    // Along each row of one fraction the stage does not fall.
    for row in found.chunks(4) {
        assert!(row.windows(2).all(|two| two[0] <= two[1]), "{found:?}");
    }
    assert_eq!(found[4..8], [NONE, NONE, CLONIC, TONIC_CLONIC]);
}

pub fn inhibition_suppresses_seizures(archive: &Archive) {
    let found = stages(archive, "stage");
    for row in found.chunks(4) {
        assert!(row.windows(2).all(|two| two[0] >= two[1]), "{found:?}");
    }
    assert_eq!(found[4..8], [MIXED, CLONIC, NONE, NONE]);
}

pub fn inhibition_hardly_matters_at_a_high_fraction(archive: &Archive) {
    let rates = array(archive, "rate");
    assert_eq!(rates.len(), 5 * 30_001);
    let printed = [61.87, 63.20, 63.89, 64.43, 64.87];
    for (run, printed) in rates.chunks(30_001).zip(printed) {
        let mean = run[6000..11_000].iter().sum::<f64>() / 5000.0;
        assert!((mean - printed).abs() < 0.02, "{mean} {printed}");
    }
    let chloride = stages(archive, "peak_chloride");
    assert!(chloride.windows(2).all(|two| two[1] < two[0]));
    assert!(chloride[4] > 0.97 * chloride[0], "{chloride:?}");
}

pub fn inhibition_delays_the_spread(archive: &Archive) {
    let found = array(archive, "recruited_latency");
    for (found, printed) in found.iter().zip([3260.0, 5129.0, 7106.0, 9477.0]) {
        // From the onset of the current on.
        assert!((found - 2000.0 - printed).abs() < 5.0, "{found} {printed}");
    }
}

pub fn bursts_follow_a_steady_stage(archive: &Archive) {
    assert_eq!(stages(archive, "stage"), [TONIC_CLONIC]);
    let (length, frequency) = (
        stages(archive, "tonic_length")[0],
        stages(archive, "clonic_frequency")[0],
    );
    assert!((length - 12_500.0).abs() < 400.0, "{length}");
    assert!((4.0..6.0).contains(&frequency), "{frequency}");
    let swings = ["lfp_swing_clonic", "lfp_swing_tonic"].map(|name| stages(archive, name)[0]);
    assert!(swings[0] > 5.0 * swings[1], "{swings:?}");
    assert_eq!(array(archive, "activity").len(), 2201 * 500);
    assert_eq!(array(archive, "lfp").len(), 11_001);
}

pub fn the_disc_seizes_at_the_higher_fraction(archive: &Archive) {
    assert_eq!(stages(archive, "stage"), [NONE, CLONIC]);
    let (end, frequency) = (
        stages(archive, "ictal_end")[1],
        stages(archive, "clonic_frequency")[1],
    );
    assert!((end - 7701.0).abs() < 20.0, "{end}");
    assert!((frequency - 3.68).abs() < 0.1, "{frequency}");
    assert_eq!(stages(archive, "burst_count")[1], 9.0);
}

pub fn fronts_curl_up(archive: &Archive) {
    let count = stages(archive, "spiral_count")[0];
    // Chaotic: seeds differ between 0.3 and 2.
    assert!(count > 0.2, "{count}");
    assert_eq!(stages(archive, "stage"), [TONIC_CLONIC]);
}
