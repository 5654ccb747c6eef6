locals { password = sensitive("the-new-password") }
resource "terraform_data" "database" {
  input = { user = "app", password = local.password }
}
resource "terraform_data" "leak" { input = "postgres://app:the-new-password@db.internal/app" }
