//! Reads the letters that a world's people got.

use std::fs;

use crate::world::World;

#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Letter {
    /// Path and query of the link in it.
    pub fn path(&self, world: &World) -> String {
        let base = world.base.as_str();
        let link = self.text.lines().find(|line| line.starts_with(base)).unwrap_or_else(|| panic!("no link: {self:?}"));
        format!("/{}", &link[base.len()..])
    }

    /// The token in its link.
    pub fn token(&self, world: &World) -> String {
        self.path(world).split_once("token=").expect("a token").1.to_owned()
    }
}

fn read(text: &str) -> Letter {
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let head = head.replace("\r\n ", " ");
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}")).trim().to_owned()
    };
    Letter { to: header("To:"), subject: header("Subject:"), text: body.replace("\r\n", "\n") }
}

/// All letters to an address, in no order.
pub async fn letters(world: &World, to: &str) -> Vec<Letter> {
    world.settle().await;
    let files = fs::read_dir(&world.mail).expect("a folder").map(|file| file.expect("a file").path());
    let letters = files.map(|file| read(&fs::read_to_string(file).expect("text")));
    letters.filter(|letter| letter.to == to).collect()
}

/// The only letter to an address with this subject.
pub async fn letter(world: &World, to: &str, subject: &str) -> Letter {
    let all = letters(world, to).await;
    let mut found: Vec<&Letter> = all.iter().filter(|letter| letter.subject == subject).collect();
    assert_eq!(found.len(), 1, "{subject} in {all:?}");
    found.remove(0).clone()
}

/// All letters so far are thrown away.
pub async fn empty(world: &World) {
    world.settle().await;
    for file in fs::read_dir(&world.mail).expect("a folder") {
        fs::remove_file(file.expect("a file").path()).expect("removed");
    }
}
