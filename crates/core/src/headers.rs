//! Headers as text: `name: value`, one a line, as they are stored.

/// Their names and values; a line that is no header is left out.
pub fn pairs(lines: &str) -> impl Iterator<Item = (&str, &str)> {
    lines.lines().filter_map(|line| line.split_once(": "))
}
