# A rule claims the images that match it, and later rules cannot take them: what retain-images tagged keep-* stays,
# although ECR knows nothing of git. An image with in-<hash> and git-<sha> is claimed by the second rule.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
locals {
  rules = { for name, keep in var.repositories : name => [
    { tags = ["keep-*"], keep = 9999, description = "What git can still ask for (retain-images) never expires" },
    { tags = ["in-*"], keep = keep, description = "The newest ${keep} builds" },
    { tags = ["deps-*"], keep = 3, description = "The newest 3 dependency layers, which only save time" },
    { tags = ["*"], keep = keep, description = "Any other tag: only among the newest ${keep} tagged images" },
  ] }
}

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:AES256 is encryption at rest; a customer-managed key adds a way to lose every image
  for_each = var.repositories

  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = local.rules

  repository = aws_ecr_repository.this[each.key].name
  policy = jsonencode({
    rules = concat(
      [for index, rule in each.value : {
        rulePriority = index + 1
        description  = rule.description
        selection = {
          tagStatus      = "tagged"
          tagPatternList = rule.tags
          countType      = "imageCountMoreThan"
          countNumber    = rule.keep
        }
        action = { type = "expire" }
      }],
      [{
        rulePriority = length(each.value) + 1
        description  = "What lost its tags, after a week"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      }],
    )
  })
}
