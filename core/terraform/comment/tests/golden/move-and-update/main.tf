resource "terraform_data" "new" { input = "other" }
moved {
  from = terraform_data.old
  to   = terraform_data.new
}
