//! Tables of plain columns, aligned.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use owo_colors::OwoColorize;

use crate::terminal::Styles;

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table without lines: what it says can be pasted.
pub(crate) struct Columns {
    table: Table,
}

impl Columns {
    /// The headings.
    pub(crate) fn new(headings: &[(&str, Align)]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings.iter().map(|(name, _)| *name));
        for (column, (_, align)) in table.column_iter_mut().zip(headings) {
            column.set_padding((0, 2)).set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        Self { table }
    }

    /// One more row. The cells are one line each and safe to print.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.table.add_row(cells);
    }

    /// The lines, the headings in their style.
    pub(crate) fn render(&self, styles: &Styles) -> String {
        let mut text = String::new();
        for (index, line) in self.table.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                text.push_str(&line.style(styles.faint).to_string());
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
        text
    }
}
