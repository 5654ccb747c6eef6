resource "terraform_data" "config" { input = "two" }
resource "terraform_data" "server" {
  input = "server"
  lifecycle { replace_triggered_by = [terraform_data.config] }
}
