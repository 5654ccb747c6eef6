resource "terraform_data" "first" { input = "two" }
resource "terraform_data" "second" {
  input = "x"
  lifecycle {
    precondition {
      condition     = terraform_data.first.input == "one"
      error_message = "The first must stay as it is."
    }
  }
}
