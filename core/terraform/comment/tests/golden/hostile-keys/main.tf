resource "terraform_data" "by_key" {
  for_each = toset(["plain", "</code></summary><img src=x>", "`` ` ```", "@octocat #1 $x$", "a|b", "line\nbreak", "\u202ereversed", "[link](https://evil.example)", "::error::boo"])
  input    = each.key
}
resource "terraform_data" "counted" { count = 2 }
