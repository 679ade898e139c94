# Catalogue tests run from Debian's packages (ruby-rspec-puppet), without a Gemfile: `rspec` in this folder.
require 'rspec-puppet'

RSpec.configure do |config|
  config.module_path = File.expand_path('../..', __dir__)
  config.hiera_config = File.expand_path('fixtures/hiera.yaml', __dir__)
  config.strict_variables = true
  config.setup_fixtures = false # it would link the module into itself
end
