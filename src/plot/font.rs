//! The font of all pictures: DejaVu Sans, embedded, so that a picture looks the same everywhere.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

/// The family name under which the embedded font is known; viewers of SVG know it as well.
pub const FAMILY: &str = "sans-serif";

/// Make the embedded font known to the drawing backends; `false` if it cannot be read.
pub fn register() -> bool {
    static DONE: OnceLock<bool> = OnceLock::new();
    *DONE.get_or_init(|| {
        let bytes = include_bytes!("../../assets/DejaVuSans-subset.ttf");
        register_font(FAMILY, FontStyle::Normal, bytes).is_ok()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_embedded_font_is_a_font() {
        assert!(super::register());
    }
}
