resource "terraform_data" "source" { input = "one" }
resource "terraform_data" "copy" { input = { id = terraform_data.source.output, fixed = "same" } }
