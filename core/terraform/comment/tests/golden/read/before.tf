resource "terraform_data" "path" { input = "one" }
