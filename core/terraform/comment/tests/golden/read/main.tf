resource "terraform_data" "path" { input = "two" }
data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = terraform_data.path.output }
}
