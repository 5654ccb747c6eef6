resource "terraform_data" "server" { input = "server" }
