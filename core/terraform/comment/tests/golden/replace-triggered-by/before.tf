resource "terraform_data" "config" { input = "one" }
resource "terraform_data" "server" {
  input = "server"
  lifecycle { replace_triggered_by = [terraform_data.config] }
}
