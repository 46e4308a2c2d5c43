//! How a receiver checks our signatures, in five languages.
//!
//! What must hold: what is shown are the very files that `deploy/verify-snippets.sh` runs against the official libraries.

pub struct Snippet {
    pub id: &'static str,
    pub language: &'static str,
    pub install: &'static str,
    pub code: &'static str,
}

pub const ALL: [Snippet; 5] = [
    Snippet {
        id: "node",
        language: "Node.js",
        install: "npm install standardwebhooks",
        code: include_str!("../../../../deploy/snippets/verify.mjs"),
    },
    Snippet {
        id: "python",
        language: "Python",
        install: "pip install standardwebhooks",
        code: include_str!("../../../../deploy/snippets/verify.py"),
    },
    Snippet {
        id: "php",
        language: "PHP",
        install: "composer require standard-webhooks/standard-webhooks",
        code: include_str!("../../../../deploy/snippets/verify.php"),
    },
    Snippet {
        id: "go",
        language: "Go",
        install: "go get github.com/standard-webhooks/standard-webhooks/libraries",
        code: include_str!("../../../../deploy/snippets/verify.go"),
    },
    Snippet {
        id: "rust",
        language: "Rust",
        install: "cargo add standardwebhooks http",
        code: include_str!("../../../../deploy/snippets/verify.rs"),
    },
];
