resource "terraform_data" "source" { input = "two" }
resource "terraform_data" "copy" { input = { id = terraform_data.source.output, fixed = "same" } }
