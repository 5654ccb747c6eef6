resource "terraform_data" "handed_over" { input = { owner = "another team" } }
