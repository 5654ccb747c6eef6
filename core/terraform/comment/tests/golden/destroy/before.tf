resource "terraform_data" "jobs" {
  input = { name = "jobs", ttl = 30, tags = { owner = "platform" } }
}
resource "terraform_data" "kept" {
  input = "kept"
}
