resource "terraform_data" "queue" {
  for_each = toset(["jobs", "results"])
  input    = { name = each.key, retention_days = 14, fifo = false, tags = { owner = "platform" } }
}
resource "terraform_data" "plain" {}
