//! The tree as a picture: hubs in the middle, spokes around them, as a dandelion has them.
//!
//! Leaves share the circle evenly and each unit stands in the middle of what is below it, on a ring by its depth: the
//! radial layout of Wills, “NicheWorks” (1999), flattened to an ellipse because names are wide.

use std::f64::consts::TAU;

use askama::Template;

use crate::view::prints_html;

/// Units and where they stand.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/tree.html")]
pub struct Tree {
    /// Parents before children.
    pub nodes: Vec<Node>,
}
prints_html!(Tree);

/// A unit in the tree.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its parent's place in the list.
    pub parent: Option<usize>,
    /// Whether it is a hub.
    pub hub: bool,
    /// How many cases wait there.
    pub waits: i64,
    /// How many of them are late.
    pub late: i64,
    /// Whether the person may not see what waits there.
    pub unseen: bool,
    /// What else: `Germany · German, English`.
    pub words: String,
    /// How deep, from 0; made by [`Tree::grown`].
    pub depth: usize,
    /// Where in the picture; made by [`Tree::grown`].
    pub x: i64,
    /// Where in the picture; made by [`Tree::grown`].
    pub y: i64,
}

impl Node {
    /// Which side its name stands on: a value of `text-anchor`.
    pub fn anchor(&self) -> &'static str {
        match self.x - Tree::WIDTH / 2 {
            -60..=60 => "middle",
            n if n < 0 => "end",
            _ => "start",
        }
    }

    /// Where its name starts.
    pub fn name_x(&self) -> i64 {
        match self.anchor() {
            "end" => self.x - self.radius() - 6,
            "start" => self.x + self.radius() + 6,
            _ => self.x,
        }
    }

    /// The line of its name: below in the middle, beside it otherwise.
    pub fn name_y(&self) -> i64 {
        match self.anchor() {
            "middle" if self.y < Tree::HEIGHT / 2 - 20 => self.y - 14,
            "middle" => self.y + 25,
            _ => self.y + 4,
        }
    }

    /// Its size: hubs are larger.
    pub fn radius(&self) -> i64 {
        if self.hub { 11 } else { 8 }
    }
}

impl Tree {
    const WIDTH: i64 = 860;
    const HEIGHT: i64 = 500;

    /// Places the units. Parents must stand before their children; a parent that does not is taken as none.
    pub fn grown(mut nodes: Vec<Node>) -> Self {
        for i in 0..nodes.len() {
            nodes[i].parent = nodes[i].parent.filter(|parent| *parent < i);
            nodes[i].depth = nodes[i].parent.map_or(0, |parent| nodes[parent].depth + 1);
        }
        let angles = angles(&nodes);
        let roots = nodes.iter().filter(|node| node.depth == 0).count();
        let deepest = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        // A single root stands in the middle; several stand on the innermost ring.
        let inner = usize::from(roots > 1);
        let rings = (deepest + inner).max(1) as f64;
        for (node, angle) in nodes.iter_mut().zip(angles) {
            let ring = (node.depth + inner) as f64 / rings;
            node.x = Self::WIDTH / 2 + (ring * 285.0 * angle.cos()).round() as i64;
            node.y = Self::HEIGHT / 2 + (ring * 205.0 * angle.sin()).round() as i64;
        }
        Self { nodes }
    }

    /// Lines from parents to children: `x1 y1 x2 y2`.
    pub fn lines(&self) -> Vec<[i64; 4]> {
        let parent = |node: &Node| node.parent.map(|parent| &self.nodes[parent]);
        self.nodes.iter().filter_map(|node| parent(node).map(|p| [p.x, p.y, node.x, node.y])).collect()
    }

    /// The picture's box.
    pub fn view_box(&self) -> String {
        format!("0 0 {} {}", Self::WIDTH, Self::HEIGHT)
    }

    /// The outline in the order of reading: each unit directly below its parent.
    pub fn outline(&self) -> Vec<&Node> {
        let mut out = Vec::with_capacity(self.nodes.len());
        self.below(None, &mut out);
        out
    }

    fn below<'t>(&'t self, parent: Option<usize>, out: &mut Vec<&'t Node>) {
        for (i, node) in self.nodes.iter().enumerate() {
            if node.parent == parent {
                out.push(node);
                self.below(Some(i), out);
            }
        }
    }
}

/// The angle of each unit: leaves evenly around, the others in the middle of their leaves.
fn angles(nodes: &[Node]) -> Vec<f64> {
    let mut order = Vec::new();
    leaves(nodes, None, &mut order);
    let share = TAU / order.len().max(1) as f64;
    // A slight turn keeps names of opposite leaves off one line.
    let own = |leaf: usize| order.iter().position(|l| *l == leaf).map(|at| (at as f64 + 0.5) * share - TAU / 4.0);
    let mut spans: Vec<Option<(f64, f64)>> = (0..nodes.len()).map(|i| own(i).map(|a| (a, a))).collect();
    for i in (0..nodes.len()).rev() {
        if let (Some(parent), Some((low, high))) = (nodes[i].parent, spans[i]) {
            spans[parent] = Some(spans[parent].map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
        }
    }
    spans.into_iter().map(|span| span.map_or(0.0, |(low, high)| f64::midpoint(low, high))).collect()
}

fn leaves(nodes: &[Node], parent: Option<usize>, order: &mut Vec<usize>) {
    for (i, node) in nodes.iter().enumerate() {
        if node.parent == parent {
            let before = order.len();
            leaves(nodes, Some(i), order);
            if order.len() == before {
                order.push(i);
            }
        }
    }
}
